"""The rail at the left: word mark, new chat, saved chats, the views, light and dark."""

from __future__ import annotations

import gradio as gr

from carrel.ui.actions import actions_script

WORD_MARK = (
    '<div class="word-mark"><span class="glyph icon-mark"></span><span>Carrel</span></div>'
    '<button id="close-rail" class="icon-button" aria-label="Close the menu">'
    '<span class="glyph icon-close"></span></button>'
)
FOOT = (
    '<button id="search-link" class="rail-button" data-view="search">'
    '<span class="glyph icon-search"></span>Search</button>'
    '<button id="documents-link" class="rail-button" data-view="documents">'
    '<span class="glyph icon-documents"></span>Documents</button>'
    '<button id="compare-link" class="rail-button" data-view="compare">'
    '<span class="glyph icon-compare"></span>Compare</button>'
    '<button id="models-link" class="rail-button" data-view="models">'
    '<span class="glyph icon-models"></span>Models</button>'
    '<button id="theme-button" class="rail-button" aria-label="Switch between light and dark">'
    '<span class="glyph icon-theme"></span>Light or dark</button>'
)


class Rail:
    """Builds the rail. Its events are wired where the chat is, which they change."""

    def __init__(self) -> None:
        with gr.Column(elem_id="rail", min_width=0, scale=0):
            gr.HTML(WORD_MARK, elem_id="rail-head", apply_default_css=False, js_on_load=None)
            self.new_chat = gr.Button("New chat", elem_id="new-chat", elem_classes="with-icon")
            self.chats = gr.HTML(
                "",
                elem_id="chats",
                apply_default_css=False,
                js_on_load=actions_script("open_chat", "delete_chat"),
            )
            gr.HTML(FOOT, elem_id="rail-foot", apply_default_css=False, js_on_load=None)
