"""Adds a file to a collection; it replaces the document of its name."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass

import structlog

from carrel.core.documents import (
    Collection,
    DocumentRecord,
    FileOutcome,
    IncomingFile,
    OutcomeKind,
)
from carrel.core.errors import CarrelError, StorageFull, UnreadableDocument
from carrel.services.ingestion.document_writing import Stored
from carrel.services.ingestion.file_change import FileChange, size_of

log = structlog.get_logger()


@dataclass(slots=True, kw_only=True)
class AddedFile(FileChange):
    """A new or changed file; the ready document of its name stays until the new one is ready."""

    collection: Collection
    failed_before: DocumentRecord | None = None

    def begin(self, size: int) -> DocumentRecord | None:
        """Return the pending document; None if the ready one has the same bytes."""
        collection, name = self.collection, self.file.name
        self.failed_before = self.catalog.failed_document(collection.id, name)
        self.writing.require_acceptable(self.file, size)
        digest, size = _digest(self.file)
        self.replaced = self.catalog.ready_document(collection.id, name)
        if self.replaced is not None and self.replaced.sha256 == digest:
            return None
        self.record = self.writing.begin(self.file, collection, digest, size)
        return self.record

    def commit(self, record: DocumentRecord, stored: Stored) -> DocumentRecord:
        """Keep the file and make the document ready."""
        self.originals.store(record.id, self.file.path)
        return self.catalog.finish_document(
            record.id, stored.pages, stored.left_out, stored.properties
        )

    def end(self, finished: DocumentRecord) -> FileOutcome:
        """Remove the older version of the document, and one that failed."""
        self.writing.forget(self.replaced, self.failed_before)
        log.info("document.ready", document=finished.id, chunks=finished.chunks)
        kind = OutcomeKind.ADDED if self.replaced is None else OutcomeKind.REPLACED
        return FileOutcome(self.file.name, kind, finished, reason=finished.reason)

    def fail(self, error: CarrelError) -> FileOutcome:
        """Mark the document as failed, in place of an earlier one that failed.

        The file is kept to be read again, in case a program or a setting was missing.
        """
        record = self.record
        failed: DocumentRecord | None = None
        with suppress(StorageFull):
            if record is None:
                record = self.catalog.begin_document(
                    self.collection.id, self.file.name, "", size_of(self.file)
                )
            self.writing.discard(record)
            kept = bool(record.sha256) and self._keep(record)
            failed = self.catalog.fail_document(record.id, str(error), has_original=kept)
            self.writing.forget(self.failed_before)
        # The list of documents shows the reason, which may repeat content of the file.
        log.warning("document.failed", document=record and record.id, code=error.code)
        return FileOutcome(
            self.file.name, OutcomeKind.FAILED, failed, code=error.code, reason=str(error)
        )

    def _keep(self, record: DocumentRecord) -> bool:
        """Keep the file of a failed document, if possible."""
        try:
            self.originals.store(record.id, self.file.path)
        except CarrelError:
            self.originals.delete([record.id])
            return False
        return True


def _digest(file: IncomingFile) -> tuple[str, int]:
    """Return the SHA-256 of a file, in hexadecimal, and the number of hashed bytes."""
    try:
        with file.path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest(), stream.tell()
    except OSError as error:
        raise UnreadableDocument(f"it cannot be opened: {error.strerror or error}") from error
