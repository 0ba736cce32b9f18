"""Files dropped into the chat, which are added to the selected collection."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import gradio as gr

from carrel.services.application import Services
from carrel.ui.chat.chat_tab import ChatTab
from carrel.ui.documents.documents_tab import DocumentsTab
from carrel.ui.shell.events import Guard, Updates
from carrel.ui.state.choices import collection_names, first_collection, scope_of
from carrel.ui.state.scope import ChosenScope
from carrel.ui.state.session import Session


class Attaching:
    """Connects the question box's files to the documents view, which ingests them."""

    def __init__(self, services: Services, chat: ChatTab, documents: DocumentsTab) -> None:
        self._services = services
        self._chat = chat
        self._documents = documents

    def wire(self, guard: Guard, session: gr.State) -> None:
        """Connect the events; the message about added files is shown until the next question."""
        composer, documents = self._chat.composer, self._documents
        private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        composer.files.upload(
            guard.stream(self.add),
            inputs_kwargs={"files": composer.files, "session": session},
            preprocess=False,
            trigger_mode="multiple",
            outputs=[
                guard.notice,
                composer.files,
                composer.added,
                *composer.scope.outputs,
                self._chat.current,
                *documents.rows.outputs,
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
        self, *, files: list[dict[str, Any]] | None, session: Session
    ) -> AsyncGenerator[Updates]:
        """Add files to the selected collection, or to the first one if none is selected."""
        if not files:
            return
        composer, documents = self._chat.composer, self._documents
        scope = await scope_of(session, self._services)
        if not scope.collections:
            names = await collection_names(self._services, session.principal)
            scope = ChosenScope((first_collection(self._services.settings, names),))
        # New documents should be searched: unselect single documents.
        session.scope = replace(scope, documents=())
        yield await composer.scope.shown(session)
        collection = scope.collections[0]
        taken = documents.ingest(files=files, collection=collection, session=session)
        async with aclosing(taken) as steps:
            async for updates in steps:
                if documents.files in updates:
                    updates = {composer.files: updates[documents.files]}
                if documents.rows.uploads in updates:
                    updates[composer.added] = updates[documents.rows.uploads]
                yield updates
        if hints := await self._chat.welcome(session):
            yield hints

    async def forget(self, *, session: Session) -> Updates:
        """Clear the message about finished files."""
        if any(each.running for each in session.uploads.values()):
            return {self._chat.composer.added: gr.skip()}
        return {self._chat.composer.added: ""}
