"""The sidebar: word mark, new chat, saved chats, links to the views, settings."""

from __future__ import annotations

import gradio as gr

from carrel.ui.i18n.texts import ENGLISH, Texts
from carrel.ui.shell.actions import actions_script
from carrel.ui.shell.events import Updates
from carrel.ui.sidebar.chat_list import ChatList
from carrel.ui.sidebar.page_settings import settings_html

VIEWS = ("search", "documents", "compare", "models")
"""Views with a link in the sidebar; icon and text have the same name."""


def head_html(texts: Texts) -> str:
    """Return the word mark, and the button that closes the sidebar on narrow windows."""
    return (
        '<div class="word-mark"><span class="glyph icon-mark"></span><span>Carrel</span></div>'
        '<button id="close-sidebar" class="icon-button" '
        f'aria-label="{texts.html("sidebar.menu.close")}">'
        '<span class="glyph icon-close"></span></button>'
    )


def foot_html(texts: Texts) -> str:
    """Return the links to the views, and the settings."""
    links = "".join(
        f'<button id="{view}-link" class="sidebar-button" data-view="{view}" '
        f'data-action="look_{view}">'
        f'<span class="glyph icon-{view}"></span>{texts.html(f"sidebar.{view}")}</button>'
        for view in VIEWS
    )
    return (
        f'{links}<button id="settings-button" class="sidebar-button" aria-haspopup="dialog">'
        f'<span class="glyph icon-settings"></span>{texts.html("sidebar.settings")}</button>'
        f"{settings_html(texts)}"
    )


class Sidebar:
    """Builds the sidebar. Its events are connected in the chat view."""

    def __init__(self) -> None:
        with gr.Column(elem_id="sidebar", min_width=0, scale=0):
            self._head = gr.HTML(
                head_html(ENGLISH), elem_id="sidebar-head", apply_default_css=False, js_on_load=None
            )
            self.new_chat = gr.Button(
                ENGLISH("sidebar.new_chat"), elem_id="new-chat", elem_classes="with-icon"
            )
            self.list = ChatList()
            self.chats = self.list.chats
            self.links = gr.HTML(
                foot_html(ENGLISH),
                elem_id="sidebar-foot",
                apply_default_css=False,
                js_on_load="watch('value', () => window.carrel?.languageArrived());"
                + actions_script("look_models", "choose_language"),
            )

    def in_language(self, texts: Texts) -> Updates:
        """Return the static parts in a language."""
        return {
            self._head: head_html(texts),
            self.new_chat: gr.update(value=texts("sidebar.new_chat")),
            self.links: foot_html(texts),
            **self.list.in_language(texts),
        }
