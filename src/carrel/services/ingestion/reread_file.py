"""Re-reads a document from its original: the old chunks stay until all new ones are stored."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import structlog

from carrel.core.documents import (
    DocumentRecord,
    DocumentStatus,
    FileOutcome,
    OutcomeKind,
)
from carrel.core.errors import CarrelError, DocumentNotFound, StorageFull
from carrel.services.ingestion.cancellation import CancellationToken
from carrel.services.ingestion.document_writing import Stored
from carrel.services.ingestion.file_change import FileChange

GONE = "it has been deleted or replaced meanwhile"

log = structlog.get_logger()


@dataclass(slots=True, kw_only=True)
class RereadFile(FileChange):
    """An original that is read with the current readers and settings.

    The chunks are written to a pending document, which the catalog swaps for the old one in a
    single step. Until then any failure leaves the document unchanged.
    """

    document_id: str
    newest: DocumentRecord | None = None

    def begin(self, size: int) -> DocumentRecord:
        """Return the pending document beside the one that is read again."""
        document = self.replaced = self.catalog.document(self.document_id)
        if document is None:
            raise DocumentNotFound(GONE)
        if not document.has_original or not self.file.path.is_file():
            raise DocumentNotFound("its original is not kept: add the file again")
        self.writing.require_acceptable(self.file, size)
        self.record = self.writing.begin(self.file, document, document.sha256, document.bytes)
        return self.record

    def commit(self, record: DocumentRecord, stored: Stored) -> DocumentRecord:
        """Swap the pending document for the old one."""
        assert self.replaced is not None
        collection, name = self.replaced.collection_id, self.replaced.name
        self.newest = self.catalog.ready_document(collection, name)
        return self.catalog.exchange_document(
            record.id, stored.pages, stored.left_out, stored.properties
        )

    def end(self, finished: DocumentRecord) -> FileOutcome:
        """Remove the old chunks."""
        assert self.replaced is not None
        self.writing.discard(self.replaced)
        if self.newest is not None and self.newest.id != self.replaced.id:
            # This one had failed, and a ready version of the same name exists.
            self.writing.forget(self.newest)
        log.info("document.reread", document=finished.id, chunks=finished.chunks)
        return FileOutcome(self.file.name, OutcomeKind.REPLACED, finished, reason=finished.reason)

    def fail(self, error: CarrelError) -> FileOutcome:
        """Remove what was stored of the new reading; the old one stays."""
        document, reason = self.replaced, str(error)
        with suppress(StorageFull):
            self.writing.leave(self.record, CancellationToken())
            if document is not None and self.catalog.document(document.id) is None:
                document, reason = None, GONE
            elif document is not None and document.status is DocumentStatus.FAILED:
                document = self.catalog.fail_document(
                    document.id, reason, has_original=self.file.path.is_file()
                )
        log.warning("document.failed", document=self.document_id, code=error.code)
        return FileOutcome(self.file.name, OutcomeKind.FAILED, document, error.code, reason)
