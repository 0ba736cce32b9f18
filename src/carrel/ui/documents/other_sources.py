"""Other ways to add documents: folders, the web, and pasted text."""

from __future__ import annotations

import gradio as gr

from carrel.ui.i18n.texts import ENGLISH, Texts
from carrel.ui.shell.events import Updates

FARTHEST = 5
"""Maximum depth that the page offers; the API accepts more."""


def folder_html(texts: Texts) -> str:
    """Return the button that selects a folder; the page's script uploads its files."""
    return (
        f"<button data-choose-folder>{texts.html('sources.folder')}</button>"
        '<input type="file" id="folder-input" webkitdirectory multiple hidden>'
    )


class OtherSources:
    """Builds the folder button and two forms, which are connected in the documents view.

    Without ``with_web`` nothing is offered that would leave the machine.
    """

    def __init__(self, *, with_web: bool) -> None:
        with gr.Row(elem_id="other-sources"):
            self._folder = gr.HTML(
                folder_html(ENGLISH), elem_id="folder", apply_default_css=False, js_on_load=None
            )
            self._web = gr.Accordion(
                ENGLISH("sources.web"), open=False, visible=with_web, elem_id="from-web"
            )
            with self._web:
                self.addresses = gr.Textbox(
                    label=ENGLISH("sources.web.addresses"),
                    placeholder="https://example.org/report.pdf",
                    lines=2,
                    max_lines=8,
                    elem_id="web-addresses",
                )
                self.depth = gr.Number(
                    label=ENGLISH("sources.web.depth"),
                    value=0,
                    minimum=0,
                    maximum=FARTHEST,
                    precision=0,
                    elem_id="web-depth",
                )
                self.fetch = gr.Button(
                    ENGLISH("sources.web.fetch"), variant="primary", elem_id="fetch-button"
                )
            self._paste = gr.Accordion(ENGLISH("sources.paste"), open=False, elem_id="paste")
            with self._paste:
                self.name = gr.Textbox(
                    label=ENGLISH("sources.paste.name"),
                    max_lines=1,
                    max_length=200,
                    elem_id="paste-name",
                )
                self.text = gr.Textbox(
                    label=ENGLISH("sources.paste.text"), lines=4, max_lines=12, elem_id="paste-text"
                )
                self.add = gr.Button(
                    ENGLISH("sources.paste.add"), variant="primary", elem_id="paste-button"
                )

    def in_language(self, texts: Texts) -> Updates:
        """Return the forms in a language."""
        return {
            self._folder: folder_html(texts),
            self._web: gr.update(label=texts("sources.web")),
            self.addresses: gr.update(label=texts("sources.web.addresses")),
            self.depth: gr.update(label=texts("sources.web.depth")),
            self.fetch: gr.update(value=texts("sources.web.fetch")),
            self._paste: gr.update(label=texts("sources.paste")),
            self.name: gr.update(label=texts("sources.paste.name")),
            self.text: gr.update(label=texts("sources.paste.text")),
            self.add: gr.update(value=texts("sources.paste.add")),
        }
