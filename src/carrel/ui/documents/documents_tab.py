"""The documents view: collections, upload with one row per file, table, delete."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import gradio as gr

from carrel.core.document_names import text_name
from carrel.core.documents import IncomingFile
from carrel.core.errors import (
    CollectionNotFound,
    DocumentNotFound,
    InvalidRequest,
)
from carrel.core.web import WebRequest
from carrel.services.application import Services
from carrel.services.ingestion.reingestion import Reingested
from carrel.ui.documents.collection_forms import CollectionForms
from carrel.ui.documents.incoming_files import incoming_files, take_over
from carrel.ui.documents.job_rows import JobRows
from carrel.ui.documents.other_sources import OtherSources
from carrel.ui.documents.render_collection import collection_html
from carrel.ui.documents.render_document_table import documents_head_html, documents_html
from carrel.ui.documents.render_documents import LEFT_OUT
from carrel.ui.i18n.texts import ENGLISH, Texts
from carrel.ui.scope.scope_chooser import ScopeChooser
from carrel.ui.shell.actions import actions_script, chosen
from carrel.ui.shell.events import Guard, Inputs, Updates
from carrel.ui.state.choices import largest_file
from carrel.ui.state.session import Session
from carrel.ui.state.upload import Upload


class DocumentsTab:
    """Builds the view; ``wire`` connects it to the services.

    ``scope`` is the chat's scope chooser.
    """

    def __init__(
        self, services: Services, session: gr.State, guard: Guard, scope: ScopeChooser
    ) -> None:
        self._services = services
        self._session = session
        self._guard = guard
        self._scope = scope
        with gr.Column(elem_id="documents-view", elem_classes="view"):
            self._head = gr.HTML(
                self._head_html(ENGLISH),
                elem_id="documents-head",
                apply_default_css=False,
                js_on_load=None,
            )
            self.collections = CollectionForms(services, session, guard, scope)
            self.files = gr.File(
                file_count="multiple",
                elem_id="upload",
                label=ENGLISH("upload.files"),
                show_label=False,
            )
            self.other = OtherSources(with_web=not services.settings.server.offline)
            gr.HTML(LEFT_OUT, elem_id="left-out", apply_default_css=False, js_on_load=None)
            self.rows = JobRows(services, session, guard)
            self.table = gr.HTML(
                "",
                elem_id="documents-table",
                apply_default_css=False,
                js_on_load="watch('value', () => window.carrel?.documentsArrived());"
                + actions_script(
                    "open_document",
                    "ask_document",
                    "reingest_document",
                    "reingest_failed",
                    "delete_document",
                    "rename_collection",
                    "delete_collection",
                ),
            )

    def _head_html(self, texts: Texts) -> str:
        largest = largest_file(self._services.settings)
        return documents_head_html(self._services.ingestion.suffixes(), largest, texts)

    def in_language(self, texts: Texts) -> Updates:
        """Return the static parts in a language."""
        return {
            self._head: self._head_html(texts),
            self.files: gr.update(label=texts("upload.files")),
            **self.rows.in_language(texts),
            **self.collections.in_language(texts),
            **self.other.in_language(texts),
        }

    def wire(self) -> None:
        """Connect the events."""
        private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        notice = self._guard.notice
        named: Inputs = {"collection": self.collections.chosen, "session": self._session}
        followed = [*self.rows.outputs, self.table]
        self.rows.wire(self.refreshed)
        self.files.upload(
            self._guard.stream(self.ingest),
            inputs_kwargs={**named, "files": self.files},
            preprocess=False,
            trigger_mode="multiple",
            outputs=[notice, self.files, *followed],
            concurrency_limit=None,
            **private,
        )
        other = self.other
        other.fetch.click(
            self._guard.stream(self.fetch),
            inputs_kwargs={**named, "addresses": other.addresses, "depth": other.depth},
            trigger_mode="multiple",
            outputs=[notice, other.addresses, *followed],
            concurrency_limit=None,
            **private,
        )
        other.add.click(
            self._guard.stream(self.paste),
            inputs_kwargs={**named, "name": other.name, "text": other.text},
            trigger_mode="multiple",
            outputs=[notice, other.name, other.text, *followed],
            concurrency_limit=None,
            **private,
        )
        for event, handler in (
            (self.table.reingest_document, self.reingest),
            (self.table.reingest_failed, self.reingest_failed),
        ):
            event(
                self._guard.stream(handler),
                inputs_kwargs=named,
                trigger_mode="multiple",
                outputs=[notice, *followed],
                concurrency_limit=None,
                **private,
            )
        self.table.delete_document(
            self._guard.once(self.delete),
            inputs_kwargs=named,
            outputs=[notice, self.table, *self._scope.outputs],
            queue=False,
            **private,
        )
        self.collections.wire(self.table, self._table)

    async def ingest(
        self, *, files: list[dict[str, Any]] | None, collection: str, session: Session
    ) -> AsyncGenerator[Updates]:
        """Add files to the collection, with one progress row each."""
        incoming = incoming_files(files)
        if not incoming:
            return
        yield {self.files: None}
        jobs = self._services.jobs
        folder = await asyncio.to_thread(jobs.receiving_folder)
        try:
            taken = await asyncio.to_thread(take_over, incoming, folder)
            job = await jobs.start(taken, collection, session.principal)
        except BaseException:
            await asyncio.to_thread(shutil.rmtree, folder)
            raise
        # The second file of a name was numbered.
        upload = Upload.of([each.name for each in await jobs.files(job)])
        async with aclosing(self.rows.follow(job.id, upload, session)) as steps:
            async for updates in steps:
                yield updates

    async def fetch(
        self, *, addresses: str, depth: float | None, collection: str, session: Session
    ) -> AsyncGenerator[Updates]:
        """Fetch documents of the web into the collection."""
        wanted = tuple(line.strip() for line in addresses.splitlines() if line.strip())
        links = int(depth or 0)
        if links and len(wanted) > 1:
            raise InvalidRequest("Links are followed from one address: fetch one site at a time.")
        request = WebRequest(wanted, links)
        job = await self._services.jobs.start_web(request, collection, session.principal)
        yield {self.other.addresses: ""}
        upload = Upload(growing=True)
        async with aclosing(self.rows.follow(job.id, upload, session)) as steps:
            async for updates in steps:
                yield updates

    async def paste(
        self, *, name: str, text: str, collection: str, session: Session
    ) -> AsyncGenerator[Updates]:
        """Add a pasted text to the collection."""
        if not name.strip() or not text.strip():
            raise InvalidRequest("Give the text and a name for it.")
        named = text_name(name.strip(), self._services.ingestion.supports)
        jobs = self._services.jobs
        folder = await asyncio.to_thread(jobs.receiving_folder)
        path = folder / "0"
        try:
            await asyncio.to_thread(path.write_text, text, encoding="utf-8", errors="replace")
            file = IncomingFile(path, named)
            job = await jobs.start([file], collection, session.principal)
        except BaseException:
            await asyncio.to_thread(shutil.rmtree, folder)
            raise
        yield {self.other.name: "", self.other.text: ""}
        async with aclosing(self.rows.follow(job.id, Upload.of([named]), session)) as steps:
            async for updates in steps:
                yield updates

    async def reingest(
        self, event: gr.EventData, *, collection: str, session: Session
    ) -> AsyncGenerator[Updates]:
        """Read a document again from its original."""
        begun = await self._services.reingestion.start(
            [chosen(event)], collection, session.principal
        )
        async with aclosing(self._reingested(begun, session)) as steps:
            async for updates in steps:
                yield updates

    async def reingest_failed(
        self, *, collection: str, session: Session
    ) -> AsyncGenerator[Updates]:
        """Read all failed documents again whose originals are kept."""
        begun = await self._services.reingestion.start_failed(collection, session.principal)
        async with aclosing(self._reingested(begun, session)) as steps:
            async for updates in steps:
                yield updates

    async def _reingested(self, begun: Reingested, session: Session) -> AsyncGenerator[Updates]:
        if begun.job is None:
            raise DocumentNotFound(begun.refused[0].reason or "")
        upload = Upload.of([each.name for each in begun.files])
        async with aclosing(self.rows.follow(begun.job.id, upload, session)) as steps:
            async for updates in steps:
                yield updates

    async def delete(self, event: gr.EventData, *, collection: str, session: Session) -> Updates:
        """Delete a document and everything derived from it."""
        await self._services.collections.delete_document(
            collection, chosen(event), session.principal
        )
        if session.scope is not None:
            session.scope = session.scope.without_document(chosen(event))
        return {
            self.table: await self._table(collection, session),
            **await self._scope.shown(session),
        }

    async def refreshed(self, session: Session) -> Updates:
        """Refresh the table."""
        try:
            return {self.table: await self._table(session.collection, session)}
        except CollectionNotFound:
            # Just renamed or deleted: that event updates the table.
            return {}

    async def _table(self, collection: str, session: Session) -> str:
        service = self._services.collections
        shown = await service.get(collection, session.principal)
        documents = await service.documents(collection, session.principal)
        changeable = service.may_change(shown, session.principal)
        texts = session.preferences.texts
        head = collection_html(shown, documents, changeable=changeable, texts=texts)
        return head + documents_html(documents, collection, texts)
