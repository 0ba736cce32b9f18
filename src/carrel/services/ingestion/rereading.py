"""Re-reads a document from its original: the old chunks stay until all new ones are stored."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import suppress
from dataclasses import replace

import structlog

from carrel.core.documents import (
    DocumentRecord,
    DocumentStatus,
    FileOutcome,
    IncomingFile,
    IngestionEvent,
    OutcomeKind,
)
from carrel.core.errors import CarrelError, DocumentNotFound, StorageFull
from carrel.core.protocols.adapters import Catalog
from carrel.core.protocols.originals import OriginalStore
from carrel.services.ingestion.batch_reading import Waiting
from carrel.services.ingestion.cancellation import CancellationToken, Stopped
from carrel.services.ingestion.document_writing import DocumentWriting
from carrel.services.ingestion.file_failure import failure_of
from carrel.services.ingestion.progress import BatchProgress

GONE = "it has been deleted or replaced meanwhile"

log = structlog.get_logger()


class Rereading:
    """Reads originals with the current readers and settings. Its methods block.

    The chunks are written to a pending document, which the catalog swaps for the old one in a
    single step. Until then any failure leaves the document unchanged.
    """

    def __init__(
        self, catalog: Catalog, originals: OriginalStore, writing: DocumentWriting
    ) -> None:
        self._catalog = catalog
        self._originals = originals
        self._writing = writing

    def located(self, file: IncomingFile) -> IncomingFile:
        """Return a file of a job with the path of its original.

        It may differ from the job's: the data folder may have been moved since.
        """
        assert file.document_id is not None
        return replace(file, path=self._originals.path(file.document_id))

    def steps(
        self,
        file: IncomingFile,
        document_id: str,
        running: BatchProgress,
        stop: CancellationToken,
    ) -> Generator[IngestionEvent | Waiting]:
        """Read the original of a document again; until all of it is stored the old one stays."""
        document = self._catalog.document(document_id)
        record: DocumentRecord | None = None
        try:
            if document is None:
                raise DocumentNotFound(GONE)
            if not document.has_original or not file.path.is_file():
                raise DocumentNotFound("its original is not kept: add the file again")
            self._writing.require_acceptable(file, running.size)
            record = self._writing.begin(file, document, document.sha256, document.bytes)
            stored = yield from self._writing.store(file, record, document, running, stop)
            newest = self._catalog.ready_document(document.collection_id, document.name)
            finished = self._catalog.exchange_document(record.id, stored.pages, stored.left_out)
        except Exception as error:
            if stop.asked or isinstance(error, Stopped):
                self._writing.leave(record, stop)
                raise Stopped from error
            running.end_file()
            yield self._failed(file, record, document, failure_of(error))
            return
        except BaseException:
            self._writing.leave(record, stop)
            raise
        self._writing.discard(document)
        if newest is not None and newest.id != document.id:
            # This one had failed, and a ready version of the same name exists.
            self._writing.forget(newest)
        log.info("document.reread", document=finished.id, chunks=finished.chunks)
        running.end_file()
        yield FileOutcome(file.name, OutcomeKind.REPLACED, finished, reason=finished.reason)

    def _failed(
        self,
        file: IncomingFile,
        record: DocumentRecord | None,
        document: DocumentRecord | None,
        error: CarrelError,
    ) -> FileOutcome:
        """Remove what was stored of a new reading, and return the outcome; the old one stays."""
        reason = str(error)
        with suppress(StorageFull):
            self._writing.leave(record, CancellationToken())
            if document is not None and self._catalog.document(document.id) is None:
                document, reason = None, GONE
            elif document is not None and document.status is DocumentStatus.FAILED:
                document = self._catalog.fail_document(
                    document.id, reason, has_original=file.path.is_file()
                )
        log.warning("document.failed", document=file.document_id, code=error.code)
        return FileOutcome(file.name, OutcomeKind.FAILED, document, error.code, reason)
