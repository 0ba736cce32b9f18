"""From a file to searchable chunks: each file goes in whole or not at all."""

from __future__ import annotations

import asyncio
import contextvars
import hashlib
import time
from collections.abc import AsyncGenerator, Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import structlog

from carrel.core.access import Principal, may_write
from carrel.core.documents import (
    Chunk,
    Collection,
    DocumentRecord,
    DocumentStatus,
    FileOutcome,
    IncomingFile,
    IngestionEvent,
    IngestionProgress,
    OutcomeKind,
    Piece,
    Section,
)
from carrel.core.errors import (
    AccessDenied,
    CarrelError,
    DocumentTooLarge,
    EmptyDocument,
    PathNotFound,
    StorageFull,
    UnreadableDocument,
)
from carrel.core.protocols import Catalog, OriginalStore, ReaderRegistry, Splitter
from carrel.services.collections import CollectionService
from carrel.services.indexing import DocumentIndexer, batches

MEGABYTE = 1_000_000

Result = TypeVar("Result")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ReadingTools:
    """How files become pieces. ``max_file_megabytes`` is in millions of bytes."""

    readers: ReaderRegistry
    splitter: Splitter
    max_file_megabytes: float


@dataclass(slots=True)
class _Tally:
    """What is known of a running batch; the estimate goes by bytes.

    ``ready`` holds the collection's ready documents by name, read once: asking the catalog for
    each of thousands of unchanged files would take longer than hashing them.
    """

    files_total: int
    bytes_total: int
    ready: dict[str, DocumentRecord] = field(default_factory=dict)
    started: float = field(default_factory=time.monotonic)
    files_done: int = 0
    bytes_done: float = 0.0
    chunks: int = 0
    current: str | None = None
    pages: int = 0

    def progress(self) -> IngestionProgress:
        elapsed = time.monotonic() - self.started
        left = None
        if self.bytes_done and self.files_done:
            left = elapsed / self.bytes_done * (self.bytes_total - self.bytes_done)
        return IngestionProgress(
            self.files_done, self.files_total, self.chunks, self.current, self.pages, left
        )


class _PageCounter:
    """Passes sections on and remembers the last page."""

    def __init__(self) -> None:
        self.pages: int | None = None

    def watch(self, sections: Iterator[Section]) -> Iterator[Section]:
        for section in sections:
            if section.page is not None:
                self.pages = max(self.pages or 0, section.page)
            yield section


class IngestionService:
    """Puts files into collections, one at a time, with progress."""

    def __init__(
        self,
        catalog: Catalog,
        originals: OriginalStore,
        collections: CollectionService,
        indexer: DocumentIndexer,
        tools: ReadingTools,
    ) -> None:
        self._catalog = catalog
        self._originals = originals
        self._collections = collections
        self._indexer = indexer
        self._tools = tools
        self._turn = asyncio.Lock()
        # Always the same thread: each thread's heap keeps the room of the largest file that was
        # read in it, and a pool of threads would add that up.
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="ingestion")

    def close(self) -> None:
        """Wait for the batch in work and end the thread. Closing twice does nothing."""
        self._worker.shutdown()

    def supports(self, name: str) -> bool:
        """Whether a file of this name can be read."""
        return self._tools.readers.supports(name)

    def suffixes(self) -> Sequence[str]:
        """The suffixes that can be read, each with its dot."""
        return self._tools.readers.suffixes()

    async def ingest(
        self, files: Sequence[IncomingFile], collection: str, principal: Principal
    ) -> AsyncGenerator[IngestionEvent]:
        """Yield progress and, as each file ends, its outcome.

        A file that cannot be read ends as failed and the next one goes on. Closing the generator
        stops after the batch of chunks in work and leaves nothing of the file in work.

        Raises:
            CollectionNotFound: no such collection.
            AccessDenied: the account may not write to it.
        """
        target = await self._collections.get(collection, principal)
        if not may_write(principal, target):
            raise AccessDenied(f"You may not add documents to '{collection}'.")
        sizes = await asyncio.to_thread(lambda: [_size(file) for file in files])
        tally = _Tally(len(files), sum(sizes))
        yield tally.progress()
        async with self._turn:
            tally.started = time.monotonic()
            tally.ready = await asyncio.to_thread(self._ready, target)
            for file, size in zip(files, sizes, strict=True):
                steps = self._ingest_file(file, target, tally)
                try:
                    while (event := await self._in_worker(next, steps, None)) is not None:
                        if isinstance(event, FileOutcome):
                            tally.files_done += 1
                            tally.bytes_done += size
                            tally.current = None
                        yield event
                finally:
                    await self._in_worker(steps.close)
            yield tally.progress()

    async def _in_worker(self, function: Callable[..., Result], *arguments: object) -> Result:
        """Run a function in the worker thread, with the context of whoever asks.

        A task that is cancelled, however often, waits for its end: a generator cannot be closed
        while it runs, and nobody should see a store that is being cleaned up.
        """
        context = contextvars.copy_context()
        work = asyncio.get_running_loop().run_in_executor(
            self._worker, partial(context.run, function, *arguments)
        )
        cancelled: asyncio.CancelledError | None = None
        while not work.done():
            try:
                await asyncio.wait([work])
            except asyncio.CancelledError as error:
                cancelled = error
        if cancelled is not None:
            raise cancelled
        return work.result()

    def _ingest_file(
        self, file: IncomingFile, collection: Collection, tally: _Tally
    ) -> Generator[IngestionEvent]:
        """Yield one file's events; blocks between them. Every ``CarrelError`` ends as failed."""
        tally.current, tally.pages = file.name, 0
        yield tally.progress()
        record: DocumentRecord | None = None
        try:
            size = self._require_acceptable(file)
            digest = _sha256(file)
            previous = self._still_ready(tally.ready.get(file.name))
            if previous is not None and previous.sha256 == digest:
                yield FileOutcome(file.name, OutcomeKind.UNCHANGED, previous)
                return
            record = self._catalog.begin_document(collection.id, file.name, digest, size)
            pages = yield from self._store_chunks(file, record, tally)
            self._originals.store(record.id, file.path)
            finished = self._catalog.finish_document(record.id, pages)
        except CarrelError as error:
            yield self._failed(file, record, collection, error)
            return
        except BaseException:
            # Stopped by whoever reads the events, or a fault of ours: nothing half stored stays.
            if record is not None:
                self._forget(record)
            raise
        tally.ready[file.name] = finished
        if previous is not None:
            self._indexer.remove_documents(collection.id, [previous.id])
            self._originals.delete([previous.id])
        log.info("document.ready", document=file.name, chunks=finished.chunks)
        kind = OutcomeKind.ADDED if previous is None else OutcomeKind.REPLACED
        yield FileOutcome(file.name, kind, finished)

    def _require_acceptable(self, file: IncomingFile) -> int:
        if not file.path.is_file():
            raise PathNotFound(f"There is no file {file.path}.")
        size = _size(file)
        limit = self._tools.max_file_megabytes
        if size > limit * MEGABYTE:
            raise DocumentTooLarge(
                f"it has {size / MEGABYTE:.1f} MB, and max_file_megabytes is {limit:g}"
            )
        if size == 0:
            raise EmptyDocument("it is empty")
        return size

    def _ready(self, collection: Collection) -> dict[str, DocumentRecord]:
        records = self._catalog.documents(collection.id)
        return {each.name: each for each in records if each.status is DocumentStatus.READY}

    def _still_ready(self, record: DocumentRecord | None) -> DocumentRecord | None:
        """Return the record unless it was deleted since it was read."""
        return self._catalog.document(record.id) if record else None

    def _store_chunks(
        self, file: IncomingFile, record: DocumentRecord, tally: _Tally
    ) -> Generator[IngestionEvent, None, int | None]:
        """Read, split, embed and store; yield progress per batch and return the page count."""
        reader = self._tools.readers.reader_for(file.path, file.name)
        counter = _PageCounter()
        pieces = self._tools.splitter.split(counter.watch(reader.read(file.path)))
        stored = 0
        for batch in batches(_chunks(record.id, pieces)):
            self._indexer.write(record, batch)
            stored += len(batch)
            tally.chunks += len(batch)
            tally.pages = counter.pages or 0
            yield tally.progress()
        if not stored:
            raise EmptyDocument("it holds no text")
        return counter.pages

    def _failed(
        self,
        file: IncomingFile,
        record: DocumentRecord | None,
        collection: Collection,
        error: CarrelError,
    ) -> FileOutcome:
        """Remove what was stored of a file, keep the reason, and return the outcome.

        On a full disk the removal itself may fail; then start-up reconciles what is left.
        """
        log.warning("document.failed", document=file.name, code=error.code, reason=str(error))
        failed: DocumentRecord | None = None
        with suppress(StorageFull):
            if record is None:
                record = self._catalog.begin_document(collection.id, file.name, "", _size(file))
            self._indexer.remove_documents(collection.id, [record.id])
            self._originals.delete([record.id])
            failed = self._catalog.fail_document(record.id, str(error))
        return FileOutcome(
            file.name, OutcomeKind.FAILED, failed, code=error.code, reason=str(error)
        )

    def _forget(self, record: DocumentRecord) -> None:
        self._indexer.remove_documents(record.collection_id, [record.id])
        self._originals.delete([record.id])
        self._catalog.delete_document(record.id)


def _chunks(document_id: str, pieces: Iterator[Piece]) -> Iterator[Chunk]:
    for ordinal, piece in enumerate(pieces):
        yield Chunk(
            id=f"{document_id}-{ordinal}",
            document_id=document_id,
            ordinal=ordinal,
            text=piece.text,
            page=piece.page,
            heading=piece.heading,
            start=piece.start,
            end=piece.end,
        )


def _size(file: IncomingFile) -> int:
    try:
        return file.path.stat().st_size
    except OSError:
        # The file's own turn reports that it is missing.
        return 0


def _sha256(file: IncomingFile) -> str:
    try:
        with file.path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise UnreadableDocument(f"it cannot be opened: {error.strerror or error}") from error
