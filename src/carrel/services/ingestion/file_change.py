"""What a file changes in the catalog; ``FileIngestion`` has what all changes have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from carrel.core.documents import DocumentRecord, FileOutcome, IncomingFile
from carrel.core.errors import CarrelError
from carrel.core.protocols.adapters import Catalog
from carrel.core.protocols.originals import OriginalStore
from carrel.services.ingestion.document_writing import DocumentWriting, Stored


@dataclass(slots=True, kw_only=True)
class FileChange(ABC):
    """Turns a pending document into a ready one. Its methods block.

    ``record`` is the pending document, once there is one, and ``replaced`` the document whose place
    it takes.
    """

    file: IncomingFile
    catalog: Catalog
    originals: OriginalStore
    writing: DocumentWriting
    record: DocumentRecord | None = None
    replaced: DocumentRecord | None = None

    @abstractmethod
    def begin(self, size: int) -> DocumentRecord | None:
        """Return the pending document of a file of ``size`` bytes; None if nothing has changed.

        Raises:
            CarrelError: the file cannot be read.
        """

    @abstractmethod
    def commit(self, record: DocumentRecord, stored: Stored) -> DocumentRecord:
        """Make the pending document ready, in one step of the catalog, and return it."""

    @abstractmethod
    def end(self, finished: DocumentRecord) -> FileOutcome:
        """Remove what the ready document replaces, and return the outcome."""

    @abstractmethod
    def fail(self, error: CarrelError) -> FileOutcome:
        """Remove what was stored of the file, and return the outcome.

        On a full disk the removal itself may fail; then the next start reconciles the rest.
        """


def size_of(file: IncomingFile) -> int:
    """Return the size of a file; 0 if it is missing, which is reported in its turn."""
    try:
        return file.path.stat().st_size
    except OSError:
        return 0
