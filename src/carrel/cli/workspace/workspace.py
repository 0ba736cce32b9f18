"""Runs commands in this process, or in the server that holds the data folder."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from carrel import bootstrap
from carrel.cli.output.progress import RebuildingLine
from carrel.core.chat import ChatEvent, Message, SamplingParams, Scope
from carrel.core.documents import (
    Collection,
    CollectionContents,
    DocumentRecord,
    IncomingFile,
    IngestionEvent,
    Source,
)
from carrel.core.errors import InvalidSetting, OfflineRefused, StoreInUse
from carrel.core.runtime.loopback import is_loopback
from carrel.core.summaries import ExtractionEvent, SummarizationRequest, SummaryEvent
from carrel.core.web import WebRequest
from carrel.settings.schema import Settings

if TYPE_CHECKING:
    from carrel.services.ingestion.folder_sync import FolderEvent


class Workspace(Protocol):
    """The operations of the commands."""

    def ingest(
        self, files: Sequence[IncomingFile], collection: str
    ) -> AsyncGenerator[IngestionEvent]:
        """Ingest files into a collection, which is created if it does not exist."""
        ...

    def fetch(self, request: WebRequest, collection: str) -> AsyncGenerator[IngestionEvent]:
        """Fetch documents of the web into a collection, which is created if it does not exist."""
        ...

    def reingest(self, names: Sequence[str], collection: str) -> AsyncGenerator[IngestionEvent]:
        """Read documents again from their originals, by name; without names all that failed."""
        ...

    def synchronise(
        self, folder: Path, collection: str, *, keep_missing: bool, quiet_seconds: float
    ) -> AsyncGenerator[FolderEvent]:
        """Make one pass over a folder; see ``FolderSync``. Creates the collection if needed."""
        ...

    def answer(
        self, messages: Sequence[Message], scope: Scope | None, sampling: SamplingParams
    ) -> AsyncGenerator[ChatEvent]:
        """Answer the last message."""
        ...

    async def search(self, question: str, scope: Scope) -> Sequence[Source]:
        """Search one collection without a model; each passage's quote matches the question."""
        ...

    def summarize(self, request: SummarizationRequest) -> AsyncGenerator[SummaryEvent]:
        """Summarise documents; see ``SummarizationService``."""
        ...

    def extract(self, request: SummarizationRequest) -> AsyncGenerator[ExtractionEvent]:
        """Extract facts from documents; see ``SummarizationService``."""
        ...

    async def documents(self, collection: str) -> Sequence[DocumentRecord]:
        """Return the documents of a collection, by name."""
        ...

    async def collections(self) -> Sequence[tuple[Collection, CollectionContents]]:
        """Return each collection with its statistics."""
        ...

    async def create_collection(self, name: str, shared: bool) -> None:
        """Create a collection."""
        ...

    async def rename_collection(self, name: str, new_name: str) -> None:
        """Rename a collection."""
        ...

    async def delete_collection(self, name: str) -> int:
        """Delete a collection and return how many documents it had."""
        ...


@asynccontextmanager
async def open_workspace(settings: Settings, server: str | None = None) -> AsyncIterator[Workspace]:
    """Connect to the given server, or open the data folder, or connect to its holder.

    Raises:
        InvalidSetting: the server's address is invalid.
        OfflineRefused: it is on another machine, and ``offline`` is set.
        StoreInUse: a process that does not serve holds the folder.
    """
    # Each is imported by the commands that work there: the one is a client, the other is all of
    # Carrel.
    if server is not None:
        from carrel.cli.workspace.remote_workspace import RemoteWorkspace

        _check_server(server, settings)
        async with RemoteWorkspace.connect(server.rstrip("/"), settings.server.api_key) as remote:
            yield remote
        return
    from carrel.cli.workspace.local_workspace import LocalWorkspace

    try:
        application = await asyncio.to_thread(
            bootstrap.build, settings, rebuilding=RebuildingLine().show
        )
    except StoreInUse:
        from carrel.cli.workspace.remote_workspace import RemoteWorkspace

        address = bootstrap.server_address(settings)
        if address is None:
            raise
        async with RemoteWorkspace.connect(address, settings.server.api_key) as remote:
            yield remote
        return
    try:
        yield LocalWorkspace(application)
    finally:
        await application.close()


def _check_server(server: str, settings: Settings) -> None:
    parts = urlsplit(server)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidSetting(f"--server is {server!r}: write http://HOST:PORT.")
    if settings.server.offline and not is_loopback(parts.hostname):
        raise OfflineRefused(f"The server {server} is on another machine, and --offline is set.")
