"""The search view: ranked passages, without a model."""

from __future__ import annotations

from typing import Any

import gradio as gr

from carrel.core.chat import Scope
from carrel.services.application import Services
from carrel.services.citations.citing import cite
from carrel.services.document_filter import split_filter
from carrel.ui.i18n.texts import ENGLISH, Texts
from carrel.ui.search.render_search import empty_html, found_html
from carrel.ui.shell.actions import actions_script
from carrel.ui.shell.events import Guard, Updates
from carrel.ui.state.session import Session

MOST_FOUND = 20


def _title(texts: Texts) -> str:
    return f'<h1 class="search-title">{texts.html("search.title")}</h1>'


class SearchTab:
    """Builds the view; ``wire`` connects it to the services."""

    def __init__(self, services: Services, session: gr.State, guard: Guard) -> None:
        self._services = services
        self._session = session
        self._guard = guard
        with gr.Column(elem_id="search-view", elem_classes="view"):
            self._head = gr.HTML(
                _title(ENGLISH),
                elem_id="search-head",
                apply_default_css=False,
                js_on_load=None,
            )
            with gr.Row(elem_id="search-row"):
                self.query = gr.Textbox(
                    elem_id="search-query",
                    show_label=False,
                    label=ENGLISH("search.query"),
                    placeholder=ENGLISH("search.placeholder"),
                    lines=1,
                    max_lines=1,
                    container=False,
                )
                self.collection = gr.Dropdown(
                    elem_id="search-collection",
                    label=ENGLISH("search.collection"),
                    show_label=False,
                    container=False,
                    filterable=False,
                    min_width=0,
                    scale=0,
                )
                self.go = gr.Button(
                    ENGLISH("search.go"), elem_id="search-button", variant="primary", scale=0
                )
            self.results = gr.HTML(
                empty_html(ENGLISH),
                elem_id="search-results",
                apply_default_css=False,
                js_on_load=actions_script("open_place"),
            )

    def in_language(self, texts: Texts) -> Updates:
        """Return the static parts in a language."""
        return {
            self._head: _title(texts),
            self.query: gr.update(
                label=texts("search.query"), placeholder=texts("search.placeholder")
            ),
            self.collection: gr.update(label=texts("search.collection")),
            self.go: gr.update(value=texts("search.go")),
            self.results: empty_html(texts),
        }

    def wire(self) -> None:
        """Connect the events."""
        private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        gr.on(
            [self.query.submit, self.go.click],
            self._guard.once(self.search),
            inputs_kwargs={
                "query": self.query,
                "collection": self.collection,
                "session": self._session,
            },
            outputs=[self._guard.notice, self.results],
            queue=False,
            **private,
        )

    async def search(self, *, query: str, collection: str, session: Session) -> Updates:
        """Find passages of a collection; the words of a filter may be among those of the query."""
        query, filter = split_filter(query)
        scope = Scope((collection,), top_k=MOST_FOUND, filter=filter)
        found = await self._services.retrieval.search(query, scope, session.principal)
        session.found = cite(query, "", found)
        return {self.results: found_html(query, session.found, session.preferences.texts)}
