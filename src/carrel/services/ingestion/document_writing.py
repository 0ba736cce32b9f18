"""Shared by ingestion and re-reading: writes a pending document and its chunks."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import PurePath

from carrel import __version__
from carrel.core.document_properties import NOTHING_STATED, DocumentProperties
from carrel.core.documents import (
    Chunk,
    Collection,
    DocumentRecord,
    IncomingFile,
    IngestionEvent,
    Piece,
    Section,
)
from carrel.core.errors import DocumentTooLarge, EmptyDocument, PathNotFound
from carrel.core.indexed_text import compatible
from carrel.core.protocols.adapters import Catalog
from carrel.core.protocols.originals import OriginalStore
from carrel.core.protocols.reading import Reader, ReaderRegistry, Splitter
from carrel.services.indexing.embedding_reuse import EmbeddingReuse
from carrel.services.indexing.indexing import BATCH, GROUP, DocumentIndexer, batches
from carrel.services.ingestion.batch_reading import BatchReading, Waiting
from carrel.services.ingestion.cancellation import CancellationToken
from carrel.services.ingestion.file_limits import FileLimits, FileWork
from carrel.services.ingestion.file_turns import MOST_FILES
from carrel.services.ingestion.progress import FileProgress
from carrel.settings.document_settings import DocumentSettings

MEGABYTE = 1_000_000
TURN_SECONDS = 2.0
"""Target duration in seconds of storing the chunks of one turn."""


@dataclass(frozen=True, slots=True)
class ReadingTools:
    """How files are split. ``max_file_megabytes`` is in millions of bytes.

    Equal bytes give equal chunks if ``fingerprint`` and the name's suffix are equal.
    """

    readers: ReaderRegistry
    splitter: Splitter
    max_file_megabytes: float
    limits: FileLimits
    fingerprint: str = ""

    def reading_of(self, name: str) -> str:
        """Return what the chunks of a file of this name depend on, besides its bytes."""
        return f"{self.fingerprint} {PurePath(name).suffix.lower()}".strip()


def reading_fingerprint(documents: DocumentSettings) -> str:
    """Return the settings that determine how a file is split into chunks."""
    cut = (documents.chunk_size, documents.chunk_overlap, documents.embedder)
    recognised = (documents.ocr, documents.ocr_languages, documents.ocr_picture_seconds)
    return " ".join(["carrel", __version__, *map(str, (*cut, documents.reader, *recognised))])


@dataclass(frozen=True, slots=True)
class Stored:
    """What was stored of a file: its pages, if any, what was left out, and its properties."""

    pages: int | None
    left_out: str | None
    properties: DocumentProperties = NOTHING_STATED


class DocumentWriting:
    """Reads, splits, embeds and stores the chunks of pending documents. Its methods block.

    Reading has its own threads; everything else runs in the thread that consumes the events.
    """

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
        self._read: list[tuple[CancellationToken, Reader]] = []
        self._threads = ThreadPoolExecutor(MOST_FILES, thread_name_prefix="reading")

    def interrupt(self) -> None:
        """Interrupt the reading of cancelled files, from another thread."""
        for stop, reader in list(self._read):
            if stop.asked:
                self._tools.readers.interrupt(reader)

    def close(self) -> None:
        """End the threads. Closing twice does nothing."""
        self._threads.shutdown()

    def require_acceptable(self, file: IncomingFile, size: int) -> None:
        """Check that a file can be read at all.

        Raises:
            PathNotFound, DocumentTooLarge, EmptyDocument: it cannot.
        """
        if not file.path.is_file():
            raise PathNotFound(f"There is no file {file.path}.")
        limit = self._tools.max_file_megabytes
        if size > limit * MEGABYTE:
            raise DocumentTooLarge(
                f"it has {size / MEGABYTE:.1f} MB, and max_file_megabytes is {limit:g}"
            )
        if size == 0:
            raise EmptyDocument("it is empty")

    def begin(
        self, file: IncomingFile, place: Collection | DocumentRecord, digest: str, size: int
    ) -> DocumentRecord:
        """Return the pending document of a file; an interrupted one is resumed.

        ``place`` is the collection to add it to, or the document to replace.
        """
        collection_id = place.id if isinstance(place, Collection) else place.collection_id
        reading, replaced = self._tools.reading_of(file.name), file.document_id
        unfinished = self._catalog.unfinished(
            collection_id, file.name, digest, reading, replaces=replaced
        )
        return unfinished or self._catalog.begin_document(
            collection_id, file.name, digest, size, reading, replaces=replaced
        )

    def store(
        self,
        file: IncomingFile,
        record: DocumentRecord,
        previous: DocumentRecord | None,
        running: FileProgress,
        stop: CancellationToken,
    ) -> Generator[IngestionEvent | Waiting, None, Stored]:
        """Read, split, embed and store; yield progress per batch and return what was stored.

        The same bytes under another name are neither read nor embedded again, unless the document
        is to be read again.

        Raises:
            UnreadableDocument: the file cannot be read, or exceeds a limit.
        """
        known = self._indexer.known_vectors()
        for earlier in filter(None, (previous, record)):
            chunks = self._catalog.document_chunks(earlier.id)
            if file.document_id is not None and earlier is previous:
                # An older version embedded full-width letters and ligatures as such.
                chunks = [each for each in chunks if compatible(each.text) == each.text]
            known.add(earlier.collection_id, chunks)
        twin: DocumentRecord | None = None
        if file.document_id is None:
            twin = self._catalog.same_content(record.sha256, self._tools.reading_of(file.name))
        work = FileWork(self._tools.limits)
        if twin is None:
            reading = self._reading(file, record, work, running, stop)
        else:
            reading = self._copying(twin, record, work, known)
        with closing(reading):
            written = yield from self._write(record, reading, known, work, running, stop)
        if not written:
            raise EmptyDocument("it holds no text")
        if twin is not None:
            return Stored(twin.pages, twin.reason, twin.properties)
        return Stored(running.pages, work.left_out, work.properties)

    def _reading(
        self,
        file: IncomingFile,
        record: DocumentRecord,
        work: FileWork,
        running: FileProgress,
        stop: CancellationToken,
    ) -> BatchReading:
        reader = self._tools.readers.reader_for(file.path, file.name)
        # Reading ends together with this, however it ends.
        opened = ExitStack()
        read = reader.read(file.path)
        if isinstance(read, Generator):
            opened.enter_context(closing(read))
        in_work = (stop, reader)
        self._read.append(in_work)
        opened.callback(self._read.remove, in_work)
        sections = running.watch(work.counted(_until(read, stop)))
        chunks = _chunks(record.id, self._tools.splitter.split(sections))
        return BatchReading(self._threads, batches(chunks), work, opened.close)

    def _copying(
        self, twin: DocumentRecord, record: DocumentRecord, work: FileWork, known: EmbeddingReuse
    ) -> BatchReading:
        stored = self._catalog.document_chunks(twin.id)
        known.add(twin.collection_id, stored)
        chunks = _chunks(record.id, map(_piece, stored))
        return BatchReading(self._threads, batches(chunks), work, _nothing)

    def _write(
        self,
        record: DocumentRecord,
        reading: BatchReading,
        known: EmbeddingReuse,
        work: FileWork,
        running: FileProgress,
        stop: CancellationToken,
    ) -> Generator[IngestionEvent | Waiting, None, int]:
        written, size = 0, GROUP
        while True:
            begun = reading.begin()
            yield Waiting(begun)
            batch = rest = begun.result()
            stop.check()
            work.add(batch)
            while rest:
                part, rest = rest[:size], rest[size:]
                with work.clocked() as clock:
                    self._indexer.write(record, part, known, stop.check)
                # As many at a time as delay others by no more than a few seconds.
                size = BATCH if clock() * BATCH < TURN_SECONDS * len(part) else GROUP
                written += len(part)
                running.batch.chunks += len(part)
                yield running.progress()
                stop.check()
                if rest:
                    yield Waiting()
            if len(batch) < BATCH:
                return written

    def leave(self, record: DocumentRecord | None, stop: CancellationToken) -> None:
        """Remove a document that will not become ready, unless it is kept to be resumed."""
        if record is not None and not stop.keep:
            gone = self.discard(record)
            self._originals.delete([record.id])
            self._catalog.delete_document(record.id)
            if gone:
                self._catalog.forget_documents([record.id, record.index_id])

    def forget(self, *documents: DocumentRecord | None) -> None:
        """Remove the remains of documents that are no longer in the catalog."""
        for each in filter(None, documents):
            gone = self.discard(each)
            self._originals.delete([each.id])
            if gone:
                self._catalog.forget_documents([each.id, each.index_id])

    def discard(self, record: DocumentRecord) -> bool:
        """Remove the chunks of a document from the indexes; whether nothing of them is left."""
        return self._indexer.discard_documents(record.collection_id, [record.index_id])


def _nothing() -> None:
    pass


def _until(sections: Iterator[Section], stop: CancellationToken) -> Iterator[Section]:
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
