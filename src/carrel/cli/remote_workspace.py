"""Commands against the server that holds the data folder."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Self

from pydantic import SecretStr

from carrel import bootstrap
from carrel.client import AsyncClient, Documents, Uploaded
from carrel.client.calls import ChatOptions
from carrel.core.chat import (
    ChatEvent,
    Finished,
    Message,
    SamplingParams,
    Scope,
    SourcesCited,
    TextDelta,
)
from carrel.core.documents import (
    Collection,
    CollectionContents,
    DocumentRecord,
    DocumentStatus,
    FileOutcome,
    IncomingFile,
    IngestionEvent,
    IngestionProgress,
    Source,
)
from carrel.core.errors import InvalidRequest
from carrel.services.folder import files_below
from carrel.services.folder_sync import FolderEvent, FolderNotice, without_reader


class RemoteWorkspace:
    """Does a command's work through the API of a running server."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    @classmethod
    @asynccontextmanager
    async def connect(cls, address: str, api_key: SecretStr | None) -> AsyncIterator[Self]:
        """Hold a connection to a server."""
        key = api_key.get_secret_value() if api_key is not None else None
        async with AsyncClient(address, api_key=key) as client:
            yield cls(client)

    async def ingest(
        self, files: Sequence[IncomingFile], collection: str
    ) -> AsyncGenerator[IngestionEvent]:
        """Ingest files into a collection, which is created when it does not exist."""
        known = {each.name for each in await self._client.collections()}
        if collection not in known:
            await self._client.create_collection(collection, shared=True)
        started, chunks = time.monotonic(), 0
        for done, file in enumerate(files):
            left = (time.monotonic() - started) / done * (len(files) - done) if done else None
            yield IngestionProgress(done, len(files), chunks, file.name, seconds_left=left)
            for uploaded in await self._client.upload({file.name: file.path}, collection):
                outcome = _outcome(uploaded)
                chunks += outcome.document.chunks if outcome.document else 0
                yield outcome
        yield IngestionProgress(len(files), len(files), chunks)

    async def synchronise(
        self, folder: Path, collection: str, *, keep_missing: bool, quiet_seconds: float
    ) -> AsyncGenerator[FolderEvent]:
        """Send a folder's files, of which the server leaves those alone that did not change.

        What was read of a folder is known to whoever holds the data folder: here nothing is
        removed, and nothing can be watched.

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
                "The server that runs holds the data folder, so files that are gone stay in the "
                "collection: start it with --user_path to have them removed."
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
            options["documents"] = Documents(collections=list(scope.collections), top_k=scope.top_k)
        sent = [{"role": each.role.value, "content": each.content} for each in messages]
        async with self._client.stream(sent, **options) as stream:
            async for text in stream:
                yield TextDelta(text)
        answer = stream.answer()
        if scope is not None:
            yield SourcesCited(tuple(answer.sources))
        if answer.scored is not None:
            yield answer.scored
        yield Finished(answer.finish_reason, answer.usage, answer.model, answer.dropped_turns)

    async def search(self, question: str, scope: Scope) -> Sequence[Source]:
        """Search without a model."""
        [collection] = scope.collections
        return await self._client.search(question, collection, scope.top_k)

    async def collections(self) -> Sequence[tuple[Collection, CollectionContents]]:
        """Return each collection with what is in it."""
        return [
            (Collection("", each.name, each.shared, each.owner), each.contents())
            for each in await self._client.collections()
        ]

    async def create_collection(self, name: str, shared: bool) -> None:
        """Create a collection."""
        await self._client.create_collection(name, shared=shared)

    async def rename_collection(self, name: str, new_name: str) -> None:
        """Give a collection another name."""
        await self._client.rename_collection(name, new_name)

    async def delete_collection(self, name: str) -> int:
        """Delete a collection and return how many documents it had."""
        return await self._client.delete_collection(name)


def _outcome(uploaded: Uploaded) -> FileOutcome:
    document = uploaded.document
    record = document and DocumentRecord(
        id=document.id,
        collection_id="",
        name=document.name,
        sha256="",
        bytes=document.bytes,
        status=DocumentStatus(document.status),
        added_at=document.added_at,
        pages=document.pages,
        chunks=document.chunks,
        reason=document.reason,
    )
    return FileOutcome(uploaded.name, uploaded.kind, record or None, uploaded.code, uploaded.reason)
