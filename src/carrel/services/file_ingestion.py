"""From one file to a ready document: it goes in whole or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterable, Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from pathlib import PurePath
from threading import Event

import structlog

from carrel import __version__
from carrel.core.documents import (
    Chunk,
    Collection,
    DocumentRecord,
    FileOutcome,
    IncomingFile,
    IngestionEvent,
    OutcomeKind,
    Piece,
    Section,
)
from carrel.core.errors import (
    CarrelError,
    DocumentTooLarge,
    EmptyDocument,
    PathNotFound,
    StorageFull,
    UnreadableDocument,
)
from carrel.core.protocols import Catalog, OriginalStore
from carrel.core.reading import ReaderRegistry, Splitter
from carrel.services.indexing import DocumentIndexer, batches
from carrel.services.known_vectors import KnownVectors
from carrel.services.tally import Tally
from carrel.settings.document_settings import DocumentSettings

MEGABYTE = 1_000_000

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ReadingTools:
    """How files become pieces. ``max_file_megabytes`` is in millions of bytes.

    Equal bytes become equal pieces where ``fingerprint`` and the name's suffix are equal.
    """

    readers: ReaderRegistry
    splitter: Splitter
    max_file_megabytes: float
    fingerprint: str = ""

    def reading_of(self, name: str) -> str:
        """Return what the pieces of a file of this name depend on, besides its bytes."""
        return f"{self.fingerprint} {PurePath(name).suffix.lower()}".strip()


def reading_fingerprint(documents: DocumentSettings) -> str:
    """Return what, besides a file itself, decides how it is cut into chunks."""
    cut = (documents.chunk_size, documents.chunk_overlap, documents.embedder)
    recognised = (documents.ocr, documents.ocr_languages)
    return " ".join(["carrel", __version__, *map(str, (*cut, *recognised))])


class Stopped(Exception):
    """Whoever wanted the file does not want it any more, or the server closes."""


@dataclass(slots=True)
class StopSignal:
    """Asks the work on a file to stop; with ``keep`` what is stored waits to be continued."""

    keep: bool = False
    _asked: Event = field(default_factory=Event)

    def ask(self) -> None:
        """Ask, from any thread."""
        self._asked.set()

    @property
    def asked(self) -> bool:
        """Whether it was asked."""
        return self._asked.is_set()

    def check(self) -> None:
        """Raise ``Stopped`` if it was asked."""
        if self._asked.is_set():
            raise Stopped


class FileIngestion:
    """Reads, splits, embeds and stores one file at a time. Its methods block."""

    def __init__(
        self,
        catalog: Catalog,
        originals: OriginalStore,
        indexer: DocumentIndexer,
        tools: ReadingTools,
    ) -> None:
        self._catalog = catalog
        self._originals = originals
        self._indexer = indexer
        self._tools = tools

    def interrupt(self) -> None:
        """End the reading in work, from another thread."""
        self._tools.readers.interrupt()

    def steps(
        self, file: IncomingFile, collection: Collection, tally: Tally, stop: StopSignal
    ) -> Generator[IngestionEvent]:
        """Yield progress and, last, the outcome. Every ``CarrelError`` ends as failed.

        Raises:
            Stopped: ``stop`` was asked; nothing of the file is left, unless it keeps it.
        """
        tally.begin_file(file.name, size_of(file))
        yield tally.progress()
        record: DocumentRecord | None = None
        try:
            self._require_acceptable(file, tally.size)
            digest, size = _digest(file)
            previous = self._catalog.ready_document(collection.id, file.name)
            if previous is not None and previous.sha256 == digest:
                tally.end_file()
                yield FileOutcome(file.name, OutcomeKind.UNCHANGED, previous)
                return
            record = self._begun(file, collection, digest, size)
            pages = yield from self._store(file, record, previous, tally, stop)
            self._originals.store(record.id, file.path)
            finished = self._catalog.finish_document(record.id, pages)
        except CarrelError as error:
            if stop.asked:
                # A reading that is interrupted ends with an error of the reader.
                self._leave(record, stop)
                raise Stopped from error
            tally.end_file()
            yield self._failed(file, record, collection, error)
            return
        except BaseException:
            # Stopped by whoever reads the events, or a fault of ours: nothing half stored stays.
            self._leave(record, stop)
            raise
        if previous is not None:
            self._indexer.discard_documents(collection.id, [previous.id])
            self._originals.delete([previous.id])
        log.info("document.ready", document=file.name, chunks=finished.chunks)
        kind = OutcomeKind.ADDED if previous is None else OutcomeKind.REPLACED
        tally.end_file()
        yield FileOutcome(file.name, kind, finished)

    def _begun(
        self, file: IncomingFile, collection: Collection, digest: str, size: int
    ) -> DocumentRecord:
        """Return the pending document of a file; one whose ingestion was cut off goes on."""
        reading = self._tools.reading_of(file.name)
        unfinished = self._catalog.unfinished(collection.id, file.name, digest, reading)
        return unfinished or self._catalog.begin_document(
            collection.id, file.name, digest, size, reading
        )

    def _require_acceptable(self, file: IncomingFile, size: int) -> None:
        if not file.path.is_file():
            raise PathNotFound(f"There is no file {file.path}.")
        limit = self._tools.max_file_megabytes
        if size > limit * MEGABYTE:
            raise DocumentTooLarge(
                f"it has {size / MEGABYTE:.1f} MB, and max_file_megabytes is {limit:g}"
            )
        if size == 0:
            raise EmptyDocument("it is empty")

    def _store(
        self,
        file: IncomingFile,
        record: DocumentRecord,
        previous: DocumentRecord | None,
        tally: Tally,
        stop: StopSignal,
    ) -> Generator[IngestionEvent, None, int | None]:
        """Read, split, embed and store; yield progress per batch and return the page count.

        The same bytes under another name are neither read nor embedded again.
        """
        known = self._indexer.known_vectors()
        for earlier in filter(None, (previous, record)):
            known.add(earlier.collection_id, self._catalog.document_chunks(earlier.id))
        twin = self._catalog.same_content(record.sha256, self._tools.reading_of(file.name))
        with ExitStack() as reading:
            if twin is None:
                reader = self._tools.readers.reader_for(file.path, file.name)
                read = reader.read(file.path)
                if isinstance(read, Generator):
                    # Whatever ends this, the reading ends with it and not at some later moment.
                    reading.enter_context(closing(read))
                sections = tally.watch(_until(read, stop))
                chunks = _chunks(record.id, self._tools.splitter.split(sections))
            else:
                stored = self._catalog.document_chunks(twin.id)
                known.add(twin.collection_id, stored)
                chunks = _chunks(record.id, map(_piece, stored))
            written = yield from self._write(record, chunks, known, tally, stop)
        if not written:
            raise EmptyDocument("it holds no text")
        return twin.pages if twin else tally.pages

    def _write(
        self,
        record: DocumentRecord,
        chunks: Iterable[Chunk],
        known: KnownVectors,
        tally: Tally,
        stop: StopSignal,
    ) -> Generator[IngestionEvent, None, int]:
        written = 0
        for batch in batches(chunks):
            self._indexer.write(record, batch, known, stop.check)
            written += len(batch)
            tally.chunks += len(batch)
            yield tally.progress()
            stop.check()
        return written

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
                record = self._catalog.begin_document(collection.id, file.name, "", size_of(file))
            self._indexer.discard_documents(collection.id, [record.id])
            self._originals.delete([record.id])
            failed = self._catalog.fail_document(record.id, str(error))
        return FileOutcome(
            file.name, OutcomeKind.FAILED, failed, code=error.code, reason=str(error)
        )

    def _leave(self, record: DocumentRecord | None, stop: StopSignal) -> None:
        """Forget a document that will not become ready, unless it is kept to be continued."""
        if record is not None and not stop.keep:
            self._indexer.discard_documents(record.collection_id, [record.id])
            self._originals.delete([record.id])
            self._catalog.delete_document(record.id)


def size_of(file: IncomingFile) -> int:
    """Return the bytes of a file; 0 where there is none, which its own turn reports."""
    try:
        return file.path.stat().st_size
    except OSError:
        return 0


def _until(sections: Iterator[Section], stop: StopSignal) -> Iterator[Section]:
    for section in sections:
        stop.check()
        yield section


def _chunks(document_id: str, pieces: Iterable[Piece]) -> Iterator[Chunk]:
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


def _piece(chunk: Chunk) -> Piece:
    return Piece(chunk.text, chunk.page, chunk.heading, chunk.start, chunk.end)


def _digest(file: IncomingFile) -> tuple[str, int]:
    """Return the SHA-256 of a file, in hexadecimal digits, and how many bytes that covers."""
    try:
        with file.path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest(), stream.tell()
    except OSError as error:
        raise UnreadableDocument(f"it cannot be opened: {error.strerror or error}") from error
