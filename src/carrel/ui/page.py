"""Builds the page and mounts it in the application."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import gradio as gr
from fastapi import FastAPI
from starlette.routing import Mount

from carrel.core.errors import ConversationNotFound
from carrel.core.runtime.reply_headers import ReplyHeaders
from carrel.services.application import Services
from carrel.ui.chat.attaching import Attaching
from carrel.ui.chat.chat_tab import ChatTab
from carrel.ui.chat.versions import Versions
from carrel.ui.compare.compare_tab import CompareTab
from carrel.ui.documents.documents_tab import DocumentsTab
from carrel.ui.documents.originals import Originals
from carrel.ui.gate.gate import Gate
from carrel.ui.gate.page_uploads import PageUploads
from carrel.ui.h2ogpt.h2ogpt_api import H2ogptApi
from carrel.ui.i18n.texts import ENGLISH
from carrel.ui.i18n.theme import carrel_theme, favicon, script, stylesheet
from carrel.ui.language_choice import LanguageChoice, top_html
from carrel.ui.models.models_tab import ModelsTab
from carrel.ui.search.search_tab import SearchTab
from carrel.ui.shell.events import Guard, Updates
from carrel.ui.shell.headers import HEADERS
from carrel.ui.shell.login import Login
from carrel.ui.shell.render import error_line, notice_line
from carrel.ui.sidebar.sidebar import Sidebar
from carrel.ui.state.choices import (
    collection_names,
    first_collection,
    largest_file,
)
from carrel.ui.state.listed_chats import BrowserPreferences
from carrel.ui.state.session import Session
from carrel.ui.viewer.viewer import Viewer

TITLE = "Carrel"
READY_CHECK_SECONDS = 2.0


class Page:
    """Builds the parts of the page and connects them."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self.blocks = gr.Blocks(title=TITLE, analytics_enabled=False, fill_width=True)
        with self.blocks:
            self.session = gr.State(Session())
            self.address = gr.Textbox(visible=False)
            self.browser = gr.Textbox(visible=False)
            self.clock = gr.Timer(READY_CHECK_SECONDS, active=False)
            with gr.Row(elem_id="desk"):
                self.sidebar = Sidebar()
                with gr.Column(elem_id="main", min_width=0):
                    self.top = gr.HTML(
                        top_html(ENGLISH), elem_id="top", apply_default_css=False, js_on_load=None
                    )
                    self.readiness = gr.HTML(
                        "", elem_id="readiness", apply_default_css=False, js_on_load=None
                    )
                    self.guard = Guard(
                        gr.HTML("", elem_id="notice", apply_default_css=False, js_on_load=None)
                    )
                    self.chat = ChatTab(services, self.session, self.guard, self.sidebar)
                    self.versions = Versions(services, self.session, self.guard, self.chat)
                    self.documents = DocumentsTab(
                        services, self.session, self.guard, self.chat.composer.scope
                    )
                    self.search = SearchTab(services, self.session, self.guard)
                    self.compare = CompareTab(
                        services, self.session, self.guard, self.chat.composer.scope
                    )
                    self.models = ModelsTab(services, self.session, self.guard)
                self.viewer = Viewer(services, self.session, self.guard)
            self.sidebar.list.wire(services, self.guard, self.session)
            self.chat.wire()
            self.versions.wire()
            self.search.wire()
            self.compare.wire(self.chat)
            self.models.wire(self.chat.composer.model, self.compare.choices, self.sidebar.links)
            self.viewer.wire(
                self.chat.past,
                self.chat.current,
                self.search.results,
                documents=self.documents.table,
            )
            self.documents.wire()
            self.chat.composer.scope.wire_table(self.guard, self.session, self.documents.table)
            Attaching(services, self.chat, self.documents).wire(self.guard, self.session)
            self._wire()
            composer = self.chat.composer
            composer.privacy.wire(self.blocks, self.guard, self.session, self.browser)
            self.language = LanguageChoice(
                services=services,
                top=self.top,
                sidebar=self.sidebar,
                chat=self.chat,
                documents=self.documents,
                search=self.search,
                compare=self.compare,
                models=self.models,
                viewer=self.viewer,
            )
            self.language.wire(self.blocks, self.guard, self.session, self.browser)
            H2ogptApi(services)
        self.blocks.queue(default_concurrency_limit=None)
        # Gradio would compute statistics with pandas after each event, for a dashboard that is
        # disabled.
        self.blocks._queue.ANAYLTICS_CACHE_FREQUENCY = sys.maxsize

    def _wire(self) -> None:
        chat, documents = self.chat, self.documents
        private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        filled = self.blocks.load(
            self.guard.once(self.opened),
            inputs_kwargs={
                "address": self.address,
                "browser": self.browser,
                "session": self.session,
            },
            outputs=[
                *chat.changed,
                self.readiness,
                self.clock,
                *chat.composer.scope.outputs,
                chat.composer.model,
                documents.collections.chosen,
                documents.table,
                self.search.collection,
                *self.compare.choices.outputs,
                self.compare.ranking,
                self.models.table,
                self.models.clock,
            ],
            js="(address, browser, session) => "
            "[window.carrel.chatInAddress(), window.carrel.options(), session]",
            queue=False,
            **private,
        )
        filled.then(
            self.guard.stream(documents.rows.follow_running, clears=False),
            inputs_kwargs={"session": self.session},
            outputs=[self.guard.notice, *documents.rows.outputs, documents.table],
            concurrency_limit=None,
            **private,
        )
        self.clock.tick(
            self.guard.once(self.look_at_model, clears=False),
            inputs_kwargs={"session": self.session},
            outputs=[
                self.guard.notice,
                self.readiness,
                self.clock,
                chat.composer.model,
                *self.compare.choices.outputs,
            ],
            queue=False,
            **private,
        )

    async def opened(self, *, address: str, browser: str, session: Session) -> Updates:
        """Fill a new page.

        ``address`` names a chat to continue, or none; ``browser`` has the browser's preferences.
        """
        session.preferences = BrowserPreferences.read(browser)
        services = self._services
        names = await collection_names(services, session.principal)
        collection = first_collection(services.settings, names)
        updates: Updates = await self.look_at_model(session=session)
        if address:
            try:
                await session.open_chat(await services.history.chat(session.principal, address))
            except ConversationNotFound as error:
                updates[self.guard.notice] = error_line(str(error))
        return {
            **updates,
            **await self.chat.composer.scope.shown(session),
            self.search.collection: gr.Dropdown(choices=names, value=collection),
            self.documents.collections.chosen: gr.Dropdown(choices=names, value=collection),
            **await self.chat.thread(session),
            **await self.compare.ranked(session.preferences.texts),
            **await self.models.look(session=session),
            **await self.documents.collections.show(collection=collection, session=session),
        }

    async def look_at_model(self, *, session: Session) -> Updates:
        """Show whether the model can answer; check again later while it cannot."""
        health = await self._services.health.check()
        models = [each.name for each in self._services.models.models()]
        texts = session.preferences.texts
        reason = health.reason or texts("not_ready")
        return {
            **self.compare.choices.filled(texts),
            self.readiness: "" if health.ready else notice_line(reason),
            self.clock: gr.Timer(active=not health.ready),
            self.chat.composer.model: gr.Dropdown(
                choices=models, value=models[0] if models else None, visible=len(models) > 1
            ),
        }


Made = TypeVar("Made")


def _in_event_loop(make: Callable[[], Made]) -> Made:
    """Call ``make`` while an event loop runs.

    Without one, Gradio opens a loop for each lock that it makes, and closes none of them.
    """

    async def call() -> Made:
        return make()

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(call())
    return make()


def build_page(services: Services) -> gr.Blocks:
    """Return the page over the services."""
    return _in_event_loop(lambda: Page(services).blocks)


def mount_page(app: FastAPI, services: Services) -> FastAPI:
    """Mount the page at ``/``; existing routes of the application take precedence.

    With an API key in the settings the page requires it before it shows or serves anything.
    """
    _in_event_loop(lambda: _mount(app, services))
    page = app.router.routes[-1]
    assert isinstance(page, Mount), "Gradio mounts its application last"
    settings = services.settings
    uploads = PageUploads(settings.storage.uploads_dir, largest_file(settings))
    uploads.clear()
    _keep_while_serving(app, uploads)
    page.app = Originals(Gate(page.app, uploads), services.collections)
    key = settings.server.api_key
    # An empty key, as from an unset shell variable, is none; the API treats it the same way.
    if key is not None and key.get_secret_value():
        page.app = Login(page.app, key.get_secret_value())
    page.app = ReplyHeaders(page.app, HEADERS)
    return app


def _keep_while_serving(app: FastAPI, uploads: PageUploads) -> None:
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[Any]:
        async with inner(app) as state, uploads.kept():
            yield state

    app.router.lifespan_context = lifespan


def _mount(app: FastAPI, services: Services) -> None:
    gr.mount_gradio_app(
        app,
        Page(services).blocks,
        path="/",
        favicon_path=str(favicon()),
        max_file_size=largest_file(services.settings),
        theme=carrel_theme(),
        css=stylesheet(),
        head=script(),
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        mcp_server=False,
        enable_monitoring=False,
        show_error=False,
        pwa=False,
    )
