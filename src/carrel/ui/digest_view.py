"""Where documents are summarised, and facts extracted from them."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import gradio as gr

from carrel.core.chat import TextDelta
from carrel.core.documents import DocumentStatus
from carrel.core.summaries import (
    DigestProgress,
    DigestRequest,
    Extracted,
    ExtractionEvent,
    Summarized,
    SummaryEvent,
)
from carrel.services.application import Services
from carrel.ui.events import Guard, Inputs, Updates, describe
from carrel.ui.render import error_line
from carrel.ui.render_digest import (
    extraction_html,
    progress_html,
    stopped_html,
    summary_html,
    writing_html,
)
from carrel.ui.running import Running
from carrel.ui.session import Session
from carrel.ui.texts import ENGLISH, Texts

UPDATE_INTERVAL = 0.1
"""Seconds between two updates of what is being written."""


class DigestView:
    """Builds the form; ``wire`` connects it. ``collection`` chooses whose documents are read."""

    def __init__(
        self, services: Services, session: gr.State, guard: Guard, collection: gr.Dropdown
    ) -> None:
        self._services = services
        self._session = session
        self._guard = guard
        self._collection = collection
        with gr.Accordion(ENGLISH("digest.title"), open=False, elem_id="digest") as self.fold:
            self.documents = gr.Dropdown(
                label=ENGLISH("digest.documents"),
                info=ENGLISH("digest.documents.hint"),
                choices=[],
                multiselect=True,
                elem_id="digest-documents",
            )
            self.focus = gr.Textbox(
                label=ENGLISH("digest.focus"),
                placeholder=ENGLISH("digest.focus.hint"),
                max_lines=3,
                max_length=4000,
                elem_id="digest-focus",
            )
            with gr.Row(elem_id="digest-buttons"):
                self.summarize = gr.Button(
                    ENGLISH("digest.summarise"), variant="primary", elem_id="summarise"
                )
                self.extract = gr.Button(ENGLISH("digest.extract"), elem_id="extract")
                self.stop = gr.Button(ENGLISH("digest.stop"), visible=False, elem_id="digest-stop")
            self.result = gr.HTML(
                "", elem_id="digest-result", apply_default_css=False, js_on_load=None
            )

    def in_language(self, texts: Texts) -> Updates:
        """Return the form in a language."""
        documents, hint = texts("digest.documents"), texts("digest.documents.hint")
        focus, example = texts("digest.focus"), texts("digest.focus.hint")
        return {
            self.fold: gr.update(label=texts("digest.title")),
            self.documents: gr.update(label=documents, info=hint),
            self.focus: gr.update(label=focus, placeholder=example),
            self.summarize: gr.update(value=texts("digest.summarise")),
            self.extract: gr.update(value=texts("digest.extract")),
            self.stop: gr.update(value=texts("digest.stop")),
        }

    def wire(self) -> None:
        """Connect the events."""
        private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        notice = self._guard.notice
        named: Inputs = {"collection": self._collection, "session": self._session}
        for shown in (self.fold.expand, self._collection.change):
            shown(
                self._guard.once(self.offer, clears=False),
                inputs_kwargs=named,
                outputs=[notice, self.documents],
                queue=False,
                **private,
            )
        asked: Inputs = {**named, "documents": self.documents, "focus": self.focus}
        for button, handler in (
            (self.summarize, self.summarise),
            (self.extract, self.extract_facts),
        ):
            button.click(
                self._guard.stream(handler),
                inputs_kwargs=asked,
                outputs=[notice, self.result, self.summarize, self.extract, self.stop],
                concurrency_limit=None,
                **private,
            )
        self.stop.click(
            self._guard.once(self.stop_digest),
            inputs_kwargs={"session": self._session},
            outputs=[notice],
            queue=False,
            **private,
        )

    async def offer(self, *, collection: str, session: Session) -> Updates:
        """Offer the documents of the collection; none of them is chosen."""
        records = await self._services.collections.documents(collection, session.principal)
        ready = [(each.name, each.id) for each in records if each.status is DocumentStatus.READY]
        return {self.documents: gr.Dropdown(choices=ready, value=[])}

    async def summarise(
        self, *, collection: str, documents: list[str] | None, focus: str, session: Session
    ) -> AsyncGenerator[Updates]:
        """Summarise the chosen documents."""
        request = self._request(collection, documents, focus, session)
        events = self._services.digests.summarize(request)
        async with aclosing(self._follow(events, session)) as steps:
            async for updates in steps:
                yield updates

    async def extract_facts(
        self, *, collection: str, documents: list[str] | None, focus: str, session: Session
    ) -> AsyncGenerator[Updates]:
        """Extract from the chosen documents what the focus names."""
        request = self._request(collection, documents, focus, session)
        events = self._services.digests.extract(request)
        async with aclosing(self._follow(events, session)) as steps:
            async for updates in steps:
                yield updates

    async def stop_digest(self, *, session: Session) -> Updates:
        """Stop what is in work; what was written stays on the page."""
        if session.digesting is not None:
            session.digesting.stop()
        return {}

    def _request(
        self, collection: str, documents: list[str] | None, focus: str, session: Session
    ) -> DigestRequest:
        return DigestRequest(
            collection, session.principal, tuple(documents or ()), focus, caller=session.caller
        )

    async def _follow(
        self,
        events: AsyncGenerator[SummaryEvent] | AsyncGenerator[ExtractionEvent],
        session: Session,
    ) -> AsyncGenerator[Updates]:
        if session.digesting is not None:
            session.digesting.stop()
        session.digesting = running = Running[Any](events)
        yield {self.result: progress_html(None, session.wishes.texts), **self._buttons(busy=True)}
        progress: DigestProgress | None = None
        text, result = "", ""
        try:
            async with aclosing(running.batches(UPDATE_INTERVAL)) as batches:
                async for batch in batches:
                    for event in batch:
                        match event:
                            case DigestProgress():
                                progress = event
                            case TextDelta(delta):
                                text += delta
                            case Summarized():
                                result = summary_html(event, session.wishes.texts)
                            case Extracted():
                                result = extraction_html(event, session.wishes.texts)
                    texts = session.wishes.texts
                    shown = result or progress_html(progress, texts) + writing_html(text, texts)
                    yield {self.result: shown}
        except Exception as error:  # noqa: BLE001 - boundary of the page: shown and logged
            session.digesting = None
            # One update: of two in quick succession the page may show the buttons of the first.
            shown = error_line(describe(error))
            yield {self._guard.notice: shown, self.result: "", **self._buttons(busy=False)}
            return
        if running.stopped and not result:
            yield {self.result: stopped_html(text, session.wishes.texts)}
        if session.digesting is running:
            session.digesting = None
            yield self._buttons(busy=False)

    def _buttons(self, *, busy: bool) -> Updates:
        return {
            self.summarize: gr.Button(interactive=not busy),
            self.extract: gr.Button(interactive=not busy),
            self.stop: gr.Button(visible=busy),
        }
