"""Documents that are no files of the visitor's: from the web, and pasted text."""

from __future__ import annotations

import gradio as gr

FARTHEST = 5
"""Links that the page offers to follow; the API takes more."""


class OtherSources:
    """Builds the two forms. Their events are wired where the documents are shown.

    Without ``with_web`` nothing is offered that would leave the machine.
    """

    def __init__(self, *, with_web: bool) -> None:
        with gr.Row(elem_id="other-sources"):
            with gr.Accordion("From the web", open=False, visible=with_web, elem_id="from-web"):
                self.addresses = gr.Textbox(
                    label="Addresses, one on each line",
                    placeholder="https://example.org/report.pdf",
                    lines=2,
                    max_lines=8,
                    elem_id="web-addresses",
                )
                self.depth = gr.Number(
                    label="Links to follow within the site",
                    value=0,
                    minimum=0,
                    maximum=FARTHEST,
                    precision=0,
                    elem_id="web-depth",
                )
                self.fetch = gr.Button("Fetch", variant="primary", elem_id="fetch-button")
            with gr.Accordion("Paste text", open=False, elem_id="paste"):
                self.name = gr.Textbox(
                    label="Name", max_lines=1, max_length=200, elem_id="paste-name"
                )
                self.text = gr.Textbox(label="Text", lines=4, max_lines=12, elem_id="paste-text")
                self.add = gr.Button("Add", variant="primary", elem_id="paste-button")
