"""The question box with its choosers and buttons."""

from __future__ import annotations

import gradio as gr

from carrel.ui.events import Updates

PRIVATE = '<p class="private">Nothing leaves this machine.</p>'


class Composer:
    """Builds the box. Its events are wired where the answer is shown."""

    def __init__(self) -> None:
        with gr.Column(elem_id="composer"):
            self.question = gr.Textbox(
                elem_id="question",
                show_label=False,
                label="Question",
                placeholder="Ask your documents…",
                lines=1,
                max_lines=8,
                autofocus=True,
                container=False,
            )
            with gr.Row(elem_id="composer-row"):
                self.scope = _chooser("scope", "Ask", visible=True)
                self.model = _chooser("model", "Model", visible=False)
                self.send = gr.Button("Ask", elem_id="send-button", variant="primary", scale=0)
                self.stop = gr.Button("Stop", elem_id="stop-button", visible=False, scale=0)
            gr.HTML(PRIVATE, elem_id="privacy", apply_default_css=False, js_on_load=None)

    def buttons(self, *, busy: bool) -> Updates:
        """Show the button to stop while an answer is in work, and the one to ask otherwise."""
        return {self.send: gr.Button(visible=not busy), self.stop: gr.Button(visible=busy)}


def _chooser(name: str, label: str, *, visible: bool) -> gr.Dropdown:
    return gr.Dropdown(
        elem_id=name,
        label=label,
        show_label=False,
        container=False,
        filterable=False,
        visible=visible,
        min_width=0,
        scale=0,
    )
