"""Runs commands through the server that holds the data folder."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from pydantic import SecretStr

from carrel import bootstrap
from carrel.cli.workspace.document_names import ids_of
from carrel.client import AsyncClient, Documents
from carrel.client.calls import ChatOptions, SummarizationOptions
from carrel.core.chat import (
    ChatEvent,
    Finished,
    Message,
    QueryRewritten,
    SamplingParams,
    Scope,
    SourcesCited,
    TextDelta,
)
from carrel.core.documents import (
    Collection,
    CollectionContents,
    DocumentRecord,
    FileOutcome,
    IncomingFile,
    IngestionEvent,
    IngestionProgress,
    OutcomeKind,
    Source,
)
from carrel.core.errors import InvalidRequest, UnreadableDocument
from carrel.core.summaries import (
    Extracted,
    ExtractionEvent,
    SummarizationProgress,
    SummarizationRequest,
    SummaryEvent,
)
from carrel.core.web import WebRequest
from carrel.schemas.jobs import JobEventBody, JobFileBody, ProgressBody
from carrel.services.ingestion.file_change import size_of
from carrel.services.ingestion.file_turns import smallest_first
from carrel.services.ingestion.folder_listing import files_below
from carrel.services.ingestion.folder_sync import FolderEvent, FolderNotice, without_reader

GROUP_FILES = 50
GROUP_BYTES = 50_000_000
"""Maximum bytes of one upload, except for a single larger file."""


class RemoteWorkspace:
    """Runs a command through the API of a running server."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    @classmethod
    @asynccontextmanager
    async def connect(cls, address: str, api_key: SecretStr | None) -> AsyncIterator[Self]:
        """Open a connection to a server."""
        key = api_key.get_secret_value() if api_key is not None else None
        async with AsyncClient(address, api_key=key) as client:
            yield cls(client)

    async def ingest(
        self, files: Sequence[IncomingFile], collection: str
    ) -> AsyncGenerator[IngestionEvent]:
        """Ingest files into a collection, which is created if it does not exist."""
        await self._ensure(collection)
        batch = _Batch(len(files), sum(map(size_of, files)))
        for group in _groups(files):
            async for event in self._ingest_group(group, collection, batch):
                yield event
        yield batch.progress()

    async def fetch(self, request: WebRequest, collection: str) -> AsyncGenerator[IngestionEvent]:
        """Fetch documents of the web into a collection, on the server."""
        await self._ensure(collection)
        addresses = request.addresses if len(request.addresses) > 1 else request.addresses[0]
        accepted = await self._client.fetch(addresses, collection, depth=request.depth)
        batch = _Batch(0, 0)
        async with aclosing(self._followed(accepted.job)) as events:
            async for event in events:
                if event.progress is not None:
                    batch.files_total = event.progress.files_total
                    yield batch.progress(event.progress)
                elif event.file is not None:
                    yield _outcome(event.file)

    async def reingest(
        self, names: Sequence[str], collection: str
    ) -> AsyncGenerator[IngestionEvent]:
        """Read documents again, on the server, by name; without names all that failed."""
        if names:
            documents = await self._client.documents(collection)
            ids = ids_of(names, [(each.name, each.id) for each in documents], collection)
            accepted = await self._client.reingest(ids, collection)
        else:
            accepted = await self._client.reingest_failed(collection)
        for refused in accepted.failed:
            reason = refused.reason
            yield FileOutcome(refused.name, OutcomeKind.FAILED, code=refused.code, reason=reason)
        batch = _Batch(len(accepted.accepted), 0)
        async with aclosing(self._followed(accepted.job)) as events:
            async for event in events:
                if event.progress is not None:
                    yield batch.progress(event.progress)
                elif event.file is not None:
                    yield _outcome(event.file)

    async def _ensure(self, collection: str) -> None:
        known = {each.name for each in await self._client.collections()}
        if collection not in known:
            await self._client.create_collection(collection, shared=True)

    async def _followed(self, job: str) -> AsyncGenerator[JobEventBody]:
        """Yield the events of a job; closing the generator early cancels it."""
        ended = False
        try:
            async with aclosing(self._client.follow_job(job)) as events:
                async for event in events:
                    ended = event.state is not None
                    yield event
        finally:
            if not ended:
                await self._client.cancel_job(job)

    async def _ingest_group(
        self, group: Sequence[IncomingFile], collection: str, batch: _Batch
    ) -> AsyncGenerator[IngestionEvent]:
        paths = [(each.name, each.path) for each in group]
        try:
            accepted = await self._client.start_upload(paths, collection)
        except UnreadableDocument as error:
            # All were refused for their size, whose limit only the server knows.
            for each in group:
                batch.files_done += 1
                reason = str(error)
                yield FileOutcome(each.name, OutcomeKind.FAILED, code=error.code, reason=reason)
            return
        for refused in accepted.failed:
            batch.files_done += 1
            reason = refused.reason
            yield FileOutcome(refused.name, OutcomeKind.FAILED, code=refused.code, reason=reason)
        async with aclosing(self._followed(accepted.job)) as events:
            async for event in events:
                if event.progress is not None:
                    yield batch.progress(event.progress, sum(map(size_of, group)))
                elif event.file is not None:
                    yield _outcome(event.file)
        batch.end_group(group)

    async def synchronise(
        self, folder: Path, collection: str, *, keep_missing: bool, quiet_seconds: float
    ) -> AsyncGenerator[FolderEvent]:
        """Upload a folder's files; the server skips unchanged ones.

        The record of the folder is on the server: here nothing is removed, and nothing can be
        watched.

        Raises:
            InvalidRequest: the folder is to be watched.
        """
        if quiet_seconds:
            raise InvalidRequest(
                "The server that runs holds the data folder: start it with --user_path and --watch."
            )
        files, skipped = files_below(folder, bootstrap.reader_registry().supports)
        for name in skipped:
            yield without_reader(name)
        async with aclosing(self.ingest(files, collection)) as events:
            async for event in events:
                yield event
        if not keep_missing:
            yield FolderNotice(
                "The server that runs holds the data folder, so documents of deleted files stay: "
                "start it with --user_path to have them removed."
            )

    async def answer(
        self, messages: Sequence[Message], scope: Scope | None, sampling: SamplingParams
    ) -> AsyncGenerator[ChatEvent]:
        """Answer the last message."""
        options = ChatOptions(
            max_tokens=sampling.max_new_tokens,
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            repetition_penalty=sampling.repetition_penalty,
        )
        if scope is not None:
            options["documents"] = Documents(
                collections=list(scope.collections),
                ids=list(scope.document_ids),
                filter=scope.filter,
                top_k=scope.top_k,
            )
        sent = [{"role": each.role.value, "content": each.content} for each in messages]
        async with self._client.stream(sent, **options) as stream:
            async for text in stream:
                yield TextDelta(text)
        answer = stream.answer()
        if answer.search_query is not None:
            yield QueryRewritten(answer.search_query)
        if scope is not None:
            yield SourcesCited(tuple(answer.sources), tuple(answer.sentences))
        if answer.scored is not None:
            yield answer.scored
        yield Finished(answer.finish_reason, answer.usage, answer.model, answer.dropped_turns)

    async def search(self, question: str, scope: Scope) -> Sequence[Source]:
        """Search without a model."""
        [collection] = scope.collections
        return await self._client.search(
            question, collection, scope.top_k, scope.document_ids, scope.filter
        )

    async def summarize(self, request: SummarizationRequest) -> AsyncGenerator[SummaryEvent]:
        """Summarise documents."""
        [collection] = request.collections
        events = self._client.follow_summary(collection, **_summary_options(request))
        async with aclosing(events):
            async for event in events:
                if not isinstance(event, Extracted):
                    yield event

    async def extract(self, request: SummarizationRequest) -> AsyncGenerator[ExtractionEvent]:
        """Extract facts from documents."""
        [collection] = request.collections
        events = self._client.follow_extraction(collection, **_summary_options(request))
        async with aclosing(events):
            async for event in events:
                if isinstance(event, SummarizationProgress | Extracted):
                    yield event

    async def documents(self, collection: str) -> Sequence[DocumentRecord]:
        """Return the documents of a collection."""
        return [each.to_core() for each in await self._client.documents(collection)]

    async def collections(self) -> Sequence[tuple[Collection, CollectionContents]]:
        """Return each collection with its statistics."""
        return [
            (Collection("", each.name, each.shared, each.owner), each.contents())
            for each in await self._client.collections()
        ]

    async def create_collection(self, name: str, shared: bool) -> None:
        """Create a collection."""
        await self._client.create_collection(name, shared=shared)

    async def rename_collection(self, name: str, new_name: str) -> None:
        """Rename a collection."""
        await self._client.rename_collection(name, new_name)

    async def delete_collection(self, name: str) -> int:
        """Delete a collection and return how many documents it had."""
        return await self._client.delete_collection(name)


def _summary_options(request: SummarizationRequest) -> SummarizationOptions:
    options = SummarizationOptions(documents=list(request.document_ids), focus=request.focus)
    if request.max_tokens is not None:
        options["max_tokens"] = request.max_tokens
    return options


@dataclass(slots=True)
class _Batch:
    """Progress of all files, of which the server sees one group at a time."""

    files_total: int
    bytes_total: int
    files_done: int = 0
    bytes_done: int = 0
    chunks: int = 0
    _latest: ProgressBody | None = None
    _started: float = field(default_factory=time.monotonic)

    def progress(
        self, group: ProgressBody | None = None, group_bytes: int = 0
    ) -> IngestionProgress:
        """Return the progress of all files, with that of the current group."""
        self._latest = group
        elapsed = time.monotonic() - self._started
        done = self.bytes_done + (group.share * group_bytes if group else 0)
        share = done / self.bytes_total if self.bytes_total else 0.0
        return IngestionProgress(
            self.files_done + (group.files_done if group else 0),
            self.files_total,
            self.chunks + (group.chunks if group else 0),
            group.current if group else None,
            (group.pages_read if group else None) or 0,
            elapsed / share * (1 - share) if share else None,
            group.page_count if group else None,
            elapsed,
            share,
        )

    def end_group(self, group: Sequence[IncomingFile]) -> None:
        """Count a finished group."""
        if self._latest is not None:
            self.files_done += self._latest.files_done
            self.chunks += self._latest.chunks
        self._latest = None
        self.bytes_done += sum(map(size_of, group))


def _groups(files: Sequence[IncomingFile]) -> Iterator[list[IncomingFile]]:
    """Yield the files in groups of one upload each, the smallest first.

    Files of one name are in one group, in which the server numbers them.
    """
    named: dict[str, list[IncomingFile]] = {}
    for file in smallest_first(files, list(map(size_of, files))):
        named.setdefault(file.name, []).append(file)
    group: list[IncomingFile] = []
    size = 0
    for bundle in named.values():
        added = sum(map(size_of, bundle))
        if group and (len(group) + len(bundle) > GROUP_FILES or size + added > GROUP_BYTES):
            yield group
            group, size = [], 0
        group += bundle
        size += added
    if group:
        yield group


def _outcome(file: JobFileBody) -> FileOutcome:
    record = file.document.to_core() if file.document is not None else None
    kind = OutcomeKind(file.outcome or OutcomeKind.FAILED)
    return FileOutcome(file.name, kind, record, file.code, file.reason)
