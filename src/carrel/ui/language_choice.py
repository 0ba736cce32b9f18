"""The language of the page: the browser's, or the one chosen in the settings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from carrel.services.application import Services
from carrel.ui.chat.chat_tab import ChatTab
from carrel.ui.compare.compare_tab import CompareTab
from carrel.ui.documents.documents_tab import DocumentsTab
from carrel.ui.i18n.texts import ENGLISH, Texts, texts_for
from carrel.ui.models.models_tab import ModelsTab
from carrel.ui.search.search_tab import SearchTab
from carrel.ui.shell.actions import entered
from carrel.ui.shell.events import Guard, Updates
from carrel.ui.sidebar.sidebar import Sidebar
from carrel.ui.state.listed_chats import BrowserPreferences
from carrel.ui.state.session import Session
from carrel.ui.state.tasks import known_action
from carrel.ui.viewer.viewer import Viewer


def top_html(texts: Texts) -> str:
    """Return the bar of narrow windows, which opens the sidebar."""
    return (
        '<button id="menu-button" class="icon-button" '
        f'aria-label="{texts.html("sidebar.menu.open")}" aria-expanded="false" '
        'aria-controls="sidebar">'
        '<span class="glyph icon-menu"></span></button>'
        '<span class="top-mark">Carrel</span><div id="veil"></div>'
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class LanguageChoice:
    """Sets the language of the page's parts; ``wire`` connects it to the settings."""

    services: Services
    top: gr.HTML
    sidebar: Sidebar
    chat: ChatTab
    documents: DocumentsTab
    search: SearchTab
    compare: CompareTab
    models: ModelsTab
    viewer: Viewer

    def wire(self, blocks: gr.Blocks, guard: Guard, session: gr.State, browser: gr.Textbox) -> None:
        """Connect the opening of the page, and the language setting."""
        private: dict[str, Any] = {
            "api_visibility": "private",
            "show_progress": "hidden",
            "queue": False,
        }
        stays = [guard.notice, *self.in_language(ENGLISH)]
        blocks.load(
            guard.once(self.translate, clears=False),
            inputs_kwargs={"browser": browser},
            outputs=stays,
            js="() => [window.carrel.options()]",
            **private,
        )
        documents, compare, models = self.documents, self.compare, self.models
        shown = [
            *self.chat.changed,
            *self.chat.composer.scope.outputs,
            self.chat.composer.answer.tokens,
            self.chat.composer.privacy.line,
            documents.rows.uploads,
            documents.table,
            compare.ranking,
            models.table,
            self.viewer.content,
        ]
        self.sidebar.links.choose_language(
            guard.once(self.choose),
            inputs_kwargs={
                "session": session,
                "action": self.chat.composer.action,
                "model": self.chat.composer.model,
            },
            outputs=list(dict.fromkeys([*stays, *shown])),
            **private,
        )

    def in_language(self, texts: Texts) -> Updates:
        """Return the static parts of the page in a language."""
        return {
            **self.sidebar.in_language(texts),
            **self.chat.composer.in_language(texts),
            **self.documents.in_language(texts),
            **self.search.in_language(texts),
            **self.compare.in_language(texts),
            **self.models.in_language(texts),
            **self.viewer.in_language(texts),
            self.top: top_html(texts),
        }

    async def translate(self, *, browser: str) -> Updates:
        """Set the static parts to the browser's language, if it is not English."""
        texts = BrowserPreferences.read(browser).texts
        return {self.top: gr.skip()} if texts is ENGLISH else self.in_language(texts)

    async def choose(
        self, event: gr.EventData, *, session: Session, action: str | None, model: str | None
    ) -> Updates:
        """Set the language of the whole page; its content is kept, and running work continues."""
        texts = texts_for([entered(event, "language")])
        session.preferences = replace(session.preferences, language=texts.language)
        fixed = self.in_language(texts)
        fixed |= self.chat.composer.in_language(texts, known_action(action))
        if session.found:
            del fixed[self.search.results]
        # The last of two updates of a part counts: the buttons are named to keep their state.
        return {
            **await self.chat.thread(session),
            **await self.chat.composer.scope.shown(session),
            **await self.chat.composer.answer.count(session=session),
            **self.chat.composer.privacy.shown(texts, model),
            **self.documents.rows.shown(session),
            **await self.documents.refreshed(session),
            **await self.compare.ranked(texts),
            **await self.models.refresh(session=session),
            **await self.viewer.again(session),
            **fixed,
            **self.compare.in_language(texts, session.comparing),
        }
