"""The search view: ranked passages, without a model."""

from __future__ import annotations

from typing import Any

import gradio as gr

from carrel.core.chat import Scope
from carrel.services.application import Services
from carrel.services.citing import cite
from carrel.ui.actions import actions_script
from carrel.ui.events import Guard, Updates
from carrel.ui.render_search import EMPTY, found_html
from carrel.ui.session import Session

MOST_FOUND = 20


class SearchTab:
    """Builds the view; ``wire`` connects it to the services."""

    def __init__(self, services: Services, session: gr.State, guard: Guard) -> None:
        self._services = services
        self._session = session
        self._guard = guard
        with gr.Column(elem_id="search-view", elem_classes="view"):
            gr.HTML(
                '<h1 class="search-title">Search</h1>',
                elem_id="search-head",
                apply_default_css=False,
                js_on_load=None,
            )
            with gr.Row(elem_id="search-row"):
                self.query = gr.Textbox(
                    elem_id="search-query",
                    show_label=False,
                    label="Search for",
                    placeholder="Words or a question…",
                    lines=1,
                    max_lines=1,
                    container=False,
                )
                self.collection = gr.Dropdown(
                    elem_id="search-collection",
                    label="Collection",
                    show_label=False,
                    container=False,
                    filterable=False,
                    min_width=0,
                    scale=0,
                )
                self.go = gr.Button("Search", elem_id="search-button", variant="primary", scale=0)
            self.results = gr.HTML(
                EMPTY,
                elem_id="search-results",
                apply_default_css=False,
                js_on_load=actions_script("open_place"),
            )

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
        """Find passages of a collection."""
        scope = Scope((collection,), top_k=MOST_FOUND)
        found = await self._services.retrieval.search(query, scope, session.principal)
        session.found = cite(query, "", found)
        return {self.results: found_html(query, session.found)}
