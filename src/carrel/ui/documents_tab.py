"""The documents: collections, upload with one row per file, table, delete."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

import gradio as gr

from carrel.core.documents import IncomingFile
from carrel.core.errors import InvalidRequest
from carrel.services.application import Services
from carrel.ui.actions import actions_script, chosen
from carrel.ui.choices import collection_names, largest_file, scope_choices
from carrel.ui.events import Guard, Inputs, Updates
from carrel.ui.incoming_files import incoming_files
from carrel.ui.render_documents import documents_head_html, documents_html, upload_html
from carrel.ui.running import Running
from carrel.ui.session import Session
from carrel.ui.upload import Upload

UPDATE_INTERVAL = 0.2
"""Seconds between two updates of an upload's rows."""


LEFT_OUT = '<p class="error-line" role="alert" hidden></p>'
"""Where the page's script says which files it left out because of their size."""


class DocumentsTab:
    """Builds the view; ``wire`` connects it to the services.

    ``scope`` is the chat's chooser, which offers new collections, too.
    """

    def __init__(
        self, services: Services, session: gr.State, guard: Guard, scope: gr.Dropdown
    ) -> None:
        self._services = services
        self._scope = scope
        self._session = session
        self._guard = guard
        with gr.Column(elem_id="documents-view", elem_classes="view"):
            gr.HTML(
                documents_head_html(services.ingestion.suffixes(), largest_file(services.settings)),
                elem_id="documents-head",
                apply_default_css=False,
                js_on_load=None,
            )
            with gr.Row(elem_id="collection-row"):
                self.collection = gr.Dropdown(
                    elem_id="collection", label="Collection", filterable=False, min_width=200
                )
                with gr.Accordion("New collection", open=False, elem_id="new-collection"):
                    self.name = gr.Textbox(
                        label="Name", max_lines=1, elem_id="collection-name", max_length=200
                    )
                    self.shared = gr.Checkbox(
                        label="Shared with everyone who uses this server", value=True
                    )
                    self.create = gr.Button("Create", variant="primary", elem_id="create-button")
            self.files = gr.File(
                file_count="multiple", elem_id="upload", label="Files", show_label=False
            )
            gr.HTML(LEFT_OUT, elem_id="left-out", apply_default_css=False, js_on_load=None)
            self.uploads = gr.HTML("", elem_id="uploads", apply_default_css=False, js_on_load=None)
            self.cancel = gr.Button("Cancel", elem_id="cancel-button", visible=False, scale=0)
            self.table = gr.HTML(
                "",
                elem_id="documents-table",
                apply_default_css=False,
                js_on_load=actions_script("delete_document"),
            )

    def wire(self) -> None:
        """Connect the events."""
        private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        notice = self._guard.notice
        named: Inputs = {"collection": self.collection, "session": self._session}
        self.files.upload(
            self._guard.stream(self.ingest),
            inputs_kwargs={**named, "files": self.files},
            preprocess=False,
            trigger_mode="multiple",
            outputs=[notice, self.files, self.uploads, self.cancel, self.table],
            concurrency_limit=None,
            **private,
        )
        self.cancel.click(
            self._guard.once(self.stop_upload),
            inputs_kwargs={"session": self._session},
            outputs=[notice],
            queue=False,
            **private,
        )
        self.collection.input(
            self._guard.once(self.show),
            inputs_kwargs=named,
            outputs=[notice, self.table],
            queue=False,
            **private,
        )
        self.table.delete_document(
            self._guard.once(self.delete),
            inputs_kwargs=named,
            outputs=[notice, self.table],
            queue=False,
            **private,
        )
        gr.on(
            [self.create.click, self.name.submit],
            self._guard.once(self.create_collection),
            inputs_kwargs={"name": self.name, "shared": self.shared, "session": self._session},
            outputs=[notice, self.collection, self._scope, self.name, self.table],
            queue=False,
            **private,
        )

    async def ingest(
        self, *, files: list[dict[str, Any]] | None, collection: str, session: Session
    ) -> AsyncGenerator[Updates]:
        """Put files into the collection, one row for each on the page."""
        incoming = incoming_files(files)
        if not incoming:
            return
        yield {self.files: None}
        try:
            if session.ingesting is not None:
                raise InvalidRequest("An upload is still running: wait for it, or cancel it first.")
            async with aclosing(self._follow(incoming, collection, session)) as steps:
                async for updates in steps:
                    yield updates
        finally:
            await asyncio.to_thread(_discard, incoming)

    async def _follow(
        self, files: Sequence[IncomingFile], collection: str, session: Session
    ) -> AsyncGenerator[Updates]:
        upload = Upload.of([each.name for each in files])
        running = Running(self._services.ingestion.ingest(files, collection, session.principal))
        session.ingesting = running
        yield {self.uploads: upload_html(upload), self.cancel: gr.Button(visible=True)}
        try:
            async with aclosing(running.batches(UPDATE_INTERVAL)) as batches:
                async for events in batches:
                    done = upload.done
                    for event in events:
                        upload.apply(event)
                    updates: Updates = {self.uploads: upload_html(upload)}
                    if upload.done != done:
                        updates[self.table] = await self._table(collection, session)
                    yield updates
        finally:
            session.ingesting = None
        upload.end(stopped=running.stopped)
        yield {
            self.uploads: upload_html(upload),
            self.cancel: gr.Button(visible=False),
            self.table: await self._table(collection, session),
        }

    async def stop_upload(self, *, session: Session) -> Updates:
        """Stop after the batch in work; files that went in stay."""
        if session.ingesting is not None:
            session.ingesting.stop()
        return {}

    async def show(self, *, collection: str, session: Session) -> Updates:
        """Show the documents of a collection."""
        return {self.table: await self._table(collection, session)}

    async def delete(self, event: gr.EventData, *, collection: str, session: Session) -> Updates:
        """Delete a document with everything that was made from it."""
        await self._services.collections.delete_document(
            collection, chosen(event), session.principal
        )
        return {self.table: await self._table(collection, session)}

    async def create_collection(self, *, name: str, shared: bool, session: Session) -> Updates:
        """Create a collection and choose it here; the chat offers it, too."""
        created = await self._services.collections.create(name, shared, session.principal)
        names = await collection_names(self._services, session.principal)
        return {
            self.collection: gr.Dropdown(choices=names, value=created.name),
            self._scope: gr.Dropdown(choices=scope_choices(names)),
            self.name: "",
            self.table: await self._table(created.name, session),
        }

    async def _table(self, collection: str, session: Session) -> str:
        documents = await self._services.collections.documents(collection, session.principal)
        return documents_html(documents, collection)


def _discard(files: Sequence[IncomingFile]) -> None:
    """Delete the uploaded copies: ingestion keeps its own."""
    for each in files:
        Path(each.path).unlink(missing_ok=True)
