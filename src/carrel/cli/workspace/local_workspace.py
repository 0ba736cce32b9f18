"""Commands on a data folder that this process has open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from pathlib import Path

from carrel.bootstrap import Application
from carrel.cli.workspace.document_names import ids_of
from carrel.core.access import Principal
from carrel.core.chat import ChatEvent, ChatRequest, Message, SamplingParams, Scope
from carrel.core.documents import (
    Collection,
    CollectionContents,
    DocumentRecord,
    IncomingFile,
    IngestionEvent,
    IngestionProgress,
    Source,
)
from carrel.core.summaries import ExtractionEvent, SummarizationRequest, SummaryEvent
from carrel.core.web import WebRequest
from carrel.services.citations.citing import cite
from carrel.services.ingestion.folder_sync import FolderEvent


class LocalWorkspace:
    """Works on the data folder itself."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._services = application.services
        self._principal = Principal()

    async def ingest(
        self, files: Sequence[IncomingFile], collection: str
    ) -> AsyncGenerator[IngestionEvent]:
        """Ingest files into a collection, which is created if it does not exist."""
        await self._services.collections.ensure(collection, self._principal)
        async with aclosing(self._finish_interrupted()) as left:
            async for progress in left:
                yield progress
        events = self._services.jobs.run(files, collection, self._principal)
        async with aclosing(events):
            async for event in events:
                yield event

    async def fetch(self, request: WebRequest, collection: str) -> AsyncGenerator[IngestionEvent]:
        """Fetch documents of the web into a collection, which is created if it does not exist."""
        self._services.web.require_allowed(request)
        await self._services.collections.ensure(collection, self._principal)
        events = self._services.jobs.run_web(request, collection, self._principal)
        async with aclosing(events):
            async for event in events:
                yield event

    async def reingest(
        self, names: Sequence[str], collection: str
    ) -> AsyncGenerator[IngestionEvent]:
        """Read documents again from their originals, by name; without names all that failed."""
        service = self._services.reingestion
        if names:
            documents = await self._services.collections.documents(collection, self._principal)
            ids = ids_of(names, [(each.name, each.id) for each in documents], collection)
            begun = await service.start(ids, collection, self._principal)
        else:
            begun = await service.start_failed(collection, self._principal)
        for refused in begun.refused:
            yield refused
        if begun.job is None:
            return
        events = self._services.jobs.seen_through(begun.job, self._principal)
        async with aclosing(events):
            async for event in events:
                yield event

    async def _finish_interrupted(self) -> AsyncGenerator[IngestionProgress]:
        """Finish jobs of a killed command or server; their files are not reported here."""
        jobs = self._services.jobs
        for job in await jobs.resume():
            async with aclosing(jobs.follow(job.id, self._principal)) as events:
                async for event in events:
                    if isinstance(event, IngestionProgress):
                        yield event

    async def synchronise(
        self, folder: Path, collection: str, *, keep_missing: bool, quiet_seconds: float
    ) -> AsyncGenerator[FolderEvent]:
        """Make one pass over a folder."""
        await self._services.collections.ensure(collection, self._principal)
        async with aclosing(self._finish_interrupted()) as left:
            async for progress in left:
                yield progress
        passing = self._services.folders.synchronise(
            folder,
            collection,
            self._principal,
            keep_missing=keep_missing,
            quiet_seconds=quiet_seconds,
        )
        async with aclosing(passing):
            async for event in passing:
                yield event

    async def answer(
        self, messages: Sequence[Message], scope: Scope | None, sampling: SamplingParams
    ) -> AsyncGenerator[ChatEvent]:
        """Answer the last message, once the models are loaded."""
        await asyncio.to_thread(self._application.wait_until_ready)
        await asyncio.to_thread(self._application.wait_for_score_model)
        request = ChatRequest(tuple(messages), self._principal, sampling=sampling, scope=scope)
        async for event in self._services.chat.answer(request):
            yield event

    async def search(self, question: str, scope: Scope) -> Sequence[Source]:
        """Search one collection without a model; each passage's quote matches the question."""
        found = await self._services.retrieval.search(question, scope, self._principal)
        return cite(question, question, found)

    async def summarize(self, request: SummarizationRequest) -> AsyncGenerator[SummaryEvent]:
        """Summarise documents, once the models are loaded."""
        await asyncio.to_thread(self._application.wait_until_ready)
        async with aclosing(self._services.summaries.summarize(request)) as events:
            async for event in events:
                yield event

    async def extract(self, request: SummarizationRequest) -> AsyncGenerator[ExtractionEvent]:
        """Extract facts from documents, once the models are loaded."""
        await asyncio.to_thread(self._application.wait_until_ready)
        async with aclosing(self._services.summaries.extract(request)) as events:
            async for event in events:
                yield event

    async def documents(self, collection: str) -> Sequence[DocumentRecord]:
        """Return the documents of a collection."""
        return await self._services.collections.documents(collection, self._principal)

    async def collections(self) -> Sequence[tuple[Collection, CollectionContents]]:
        """Return each collection with its statistics."""
        return await self._services.collections.overview(self._principal)

    async def create_collection(self, name: str, shared: bool) -> None:
        """Create a collection."""
        await self._services.collections.create(name, shared, self._principal)

    async def rename_collection(self, name: str, new_name: str) -> None:
        """Rename a collection."""
        await self._services.collections.rename(name, new_name, self._principal)

    async def delete_collection(self, name: str) -> int:
        """Delete a collection and return how many documents it had."""
        return await self._services.collections.delete(name, self._principal)
