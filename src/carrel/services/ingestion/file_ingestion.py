"""Ingests one file into a ready document, atomically."""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from contextlib import suppress

import structlog

from carrel.core.documents import (
    Collection,
    DocumentRecord,
    FileOutcome,
    IncomingFile,
    IngestionEvent,
    OutcomeKind,
)
from carrel.core.errors import CarrelError, StorageFull, UnreadableDocument
from carrel.core.protocols.adapters import Catalog
from carrel.core.protocols.originals import OriginalStore
from carrel.services.indexing.indexing import DocumentIndexer
from carrel.services.ingestion.batch_reading import Waiting
from carrel.services.ingestion.cancellation import CancellationToken, Stopped
from carrel.services.ingestion.document_writing import DocumentWriting, ReadingTools
from carrel.services.ingestion.file_failure import failure_of
from carrel.services.ingestion.progress import BatchProgress
from carrel.services.ingestion.rereading import Rereading

log = structlog.get_logger()


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
        self._writing = DocumentWriting(catalog, originals, indexer, tools)
        self._rereading = Rereading(catalog, originals, self._writing)

    def interrupt(self) -> None:
        """Interrupt the reading of cancelled files, from another thread."""
        self._writing.interrupt()

    def close(self) -> None:
        """End the reading threads. Closing twice does nothing."""
        self._writing.close()

    def steps(
        self,
        file: IncomingFile,
        collection: Collection,
        running: BatchProgress,
        stop: CancellationToken,
    ) -> Generator[IngestionEvent | Waiting]:
        """Yield progress and, last, the outcome. Every error becomes a failed outcome.

        While a batch of the file is being read, ``Waiting`` is yielded; resume when it is done.

        Raises:
            Stopped: ``stop`` was requested; nothing of the file is kept, unless it says so.
        """
        if file.document_id is not None:
            file = self._rereading.located(file)
        running.begin_file(file.name, size_of(file))
        yield running.progress()
        if file.document_id is not None:
            yield from self._rereading.steps(file, file.document_id, running, stop)
            return
        record: DocumentRecord | None = None
        failed: DocumentRecord | None = None
        try:
            failed = self._catalog.failed_document(collection.id, file.name)
            self._writing.require_acceptable(file, running.size)
            digest, size = _digest(file)
            previous = self._catalog.ready_document(collection.id, file.name)
            if previous is not None and previous.sha256 == digest:
                running.end_file()
                yield FileOutcome(file.name, OutcomeKind.UNCHANGED, previous)
                return
            record = self._writing.begin(file, collection, digest, size)
            stored = yield from self._writing.store(file, record, previous, running, stop)
            self._originals.store(record.id, file.path)
            finished = self._catalog.finish_document(record.id, stored.pages, stored.left_out)
        except Exception as error:
            if stop.asked or isinstance(error, Stopped):
                # An interrupted reading ends with an error of the reader.
                self._writing.leave(record, stop)
                raise Stopped from error
            running.end_file()
            outcome = self._failed(file, record, collection, failure_of(error))
            yield outcome
            if outcome.document is not None:
                with suppress(StorageFull):
                    self._writing.forget(failed)
            return
        except BaseException:
            # The consumer of the events closed the generator: remove what is half stored.
            self._writing.leave(record, stop)
            raise
        self._writing.forget(previous, failed)
        log.info("document.ready", document=finished.id, chunks=finished.chunks)
        kind = OutcomeKind.ADDED if previous is None else OutcomeKind.REPLACED
        running.end_file()
        yield FileOutcome(file.name, kind, finished, reason=finished.reason)

    def _failed(
        self,
        file: IncomingFile,
        record: DocumentRecord | None,
        collection: Collection,
        error: CarrelError,
    ) -> FileOutcome:
        """Remove what was stored of a file, keep it with the reason, and return the outcome.

        The file is kept to be read again, in case a program or a setting was missing. On a full
        disk the removal itself may fail; then the next start reconciles the rest.
        """
        failed: DocumentRecord | None = None
        with suppress(StorageFull):
            if record is None:
                record = self._catalog.begin_document(collection.id, file.name, "", size_of(file))
            self._writing.discard(record)
            kept = bool(record.sha256) and self._kept(file, record)
            failed = self._catalog.fail_document(record.id, str(error), has_original=kept)
        # The list of documents shows the reason, which may repeat content of the file.
        log.warning("document.failed", document=record and record.id, code=error.code)
        return FileOutcome(
            file.name, OutcomeKind.FAILED, failed, code=error.code, reason=str(error)
        )

    def _kept(self, file: IncomingFile, record: DocumentRecord) -> bool:
        """Keep the file of a failed document, if possible."""
        try:
            self._originals.store(record.id, file.path)
        except CarrelError:
            self._originals.delete([record.id])
            return False
        return True


def size_of(file: IncomingFile) -> int:
    """Return the size of a file; 0 if it is missing, which is reported in its turn."""
    try:
        return file.path.stat().st_size
    except OSError:
        return 0


def _digest(file: IncomingFile) -> tuple[str, int]:
    """Return the SHA-256 of a file, in hexadecimal, and the number of hashed bytes."""
    try:
        with file.path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest(), stream.tell()
    except OSError as error:
        raise UnreadableDocument(f"it cannot be opened: {error.strerror or error}") from error
