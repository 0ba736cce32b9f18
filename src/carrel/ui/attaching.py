"""Files that are dropped into the chat: they go into the collection that is asked."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import gradio as gr

from carrel.services.application import Services
from carrel.settings.schema import LLM_MODE
from carrel.ui.chat_tab import ChatTab
from carrel.ui.choices import chosen_scope, collection_names, first_collection
from carrel.ui.documents_tab import DocumentsTab
from carrel.ui.events import Guard, Updates
from carrel.ui.session import Session


class Attaching:
    """Connects the question box's files to the documents view, which takes them in."""

    def __init__(self, services: Services, chat: ChatTab, documents: DocumentsTab) -> None:
        self._services = services
        self._chat = chat
        self._documents = documents

    def wire(self, guard: Guard, session: gr.State) -> None:
        """Connect the events; what was added is told until the next question is asked."""
        composer, documents = self._chat.composer, self._documents
        private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        composer.files.upload(
            guard.stream(self.add),
            inputs_kwargs={"files": composer.files, "scope": composer.scope, "session": session},
            preprocess=False,
            trigger_mode="multiple",
            outputs=[
                guard.notice,
                composer.files,
                composer.added,
                composer.scope,
                self._chat.current,
                documents.uploads,
                documents.cancel,
                documents.table,
            ],
            concurrency_limit=None,
            **private,
        )
        gr.on(
            [composer.question.submit, composer.send.click],
            guard.once(self.forget, clears=False),
            inputs_kwargs={"session": session},
            outputs=[guard.notice, composer.added],
            queue=False,
            **private,
        )

    async def add(
        self, *, files: list[dict[str, Any]] | None, scope: str | None, session: Session
    ) -> AsyncGenerator[Updates]:
        """Add files to the collection that is asked, or to the first one where none is."""
        if not files:
            return
        composer, documents = self._chat.composer, self._documents
        collection = await chosen_scope(scope, self._services, session.principal)
        if collection == LLM_MODE:
            names = await collection_names(self._services, session.principal)
            collection = first_collection(self._services.settings, names)
            yield {composer.scope: gr.Dropdown(value=collection)}
        taken = documents.ingest(files=files, collection=collection, session=session)
        async with aclosing(taken) as steps:
            async for updates in steps:
                if documents.files in updates:
                    updates = {composer.files: updates[documents.files]}
                if documents.uploads in updates:
                    updates[composer.added] = updates[documents.uploads]
                yield updates
        if hints := await self._chat.choose_scope(session=session, scope=collection):
            yield hints

    async def forget(self, *, session: Session) -> Updates:
        """Take away what was told of files that are in."""
        if any(each.running for each in session.uploads.values()):
            return {self._chat.composer.added: gr.skip()}
        return {self._chat.composer.added: ""}
