"""Re-reads a document from its original: the old chunks stay until all new ones are stored."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import structlog

from carrel.core.documents import (
    DocumentRecord,
    DocumentStatus,
    FileOutcome,
    IncomingFile,
    OutcomeKind,
)
from carrel.core.errors import CarrelError, DocumentNotFound, StorageFull
from carrel.core.protocols.adapters import Catalog
from carrel.core.protocols.originals import OriginalStore
from carrel.services.ingestion.cancellation import CancellationToken
from carrel.services.ingestion.document_writing import DocumentWriting, Stored
from carrel.services.ingestion.file_change import FileChange

GONE = "it has been deleted or replaced meanwhile"

log = structlog.get_logger()


class RereadFile(FileChange):
    """An original that is read with the current readers and settings.

    The chunks are written to a pending document, which the catalog swaps for the old one in a
    single step. Until then any failure leaves the document unchanged.
    """

    def __init__(
        self,
        file: IncomingFile,
        document_id: str,
        catalog: Catalog,
        originals: OriginalStore,
        writing: DocumentWriting,
    ) -> None:
        # The path in a job may be another one: the data folder may have been moved since.
        located = replace(file, path=originals.path(document_id))
        super().__init__(located, catalog, originals, writing)
        self._document_id = document_id
        self._newest: DocumentRecord | None = None

    def begin(self, size: int) -> DocumentRecord:
        """Return the pending document beside the one that is read again."""
        document = self.replaced = self._catalog.document(self._document_id)
        if document is None:
            raise DocumentNotFound(GONE)
        if not document.has_original or not self.file.path.is_file():
            raise DocumentNotFound("its original is not kept: add the file again")
        self._writing.require_acceptable(self.file, size)
        self.record = self._writing.begin(self.file, document, document.sha256, document.bytes)
        return self.record

    def commit(self, record: DocumentRecord, stored: Stored) -> DocumentRecord:
        """Swap the pending document for the old one."""
        assert self.replaced is not None
        collection, name = self.replaced.collection_id, self.replaced.name
        self._newest = self._catalog.ready_document(collection, name)
        return self._catalog.exchange_document(record.id, stored.pages, stored.left_out)

    def end(self, finished: DocumentRecord) -> FileOutcome:
        """Remove the old chunks."""
        assert self.replaced is not None
        self._writing.discard(self.replaced)
        if self._newest is not None and self._newest.id != self.replaced.id:
            # This one had failed, and a ready version of the same name exists.
            self._writing.forget(self._newest)
        log.info("document.reread", document=finished.id, chunks=finished.chunks)
        return FileOutcome(self.file.name, OutcomeKind.REPLACED, finished, reason=finished.reason)

    def fail(self, error: CarrelError) -> FileOutcome:
        """Remove what was stored of the new reading; the old one stays."""
        document, reason = self.replaced, str(error)
        with suppress(StorageFull):
            self._writing.leave(self.record, CancellationToken())
            if document is not None and self._catalog.document(document.id) is None:
                document, reason = None, GONE
            elif document is not None and document.status is DocumentStatus.FAILED:
                document = self._catalog.fail_document(
                    document.id, reason, has_original=self.file.path.is_file()
                )
        log.warning("document.failed", document=self._document_id, code=error.code)
        return FileOutcome(self.file.name, OutcomeKind.FAILED, document, error.code, reason)
