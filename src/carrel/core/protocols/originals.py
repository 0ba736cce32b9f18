"""Where the files are kept as they were given."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol


class OriginalStore(Protocol):
    """The files as they were given, by document id."""

    def store(self, document_id: str, source: Path) -> Path:
        """Copy a file in, whole or not at all, and return where it lies.

        Raises:
            StorageFull: the disk has no room.
        """
        ...

    def path(self, document_id: str) -> Path:
        """Where a document's original lies; it may be missing."""
        ...

    def delete(self, document_ids: Iterable[str]) -> None:
        """Remove originals; unknown ones are ignored."""
        ...

    def set_aside(self, document_ids: Iterable[str]) -> None:
        """Move originals that belong to no document out of the store; unknown ones are ignored."""
        ...

    def ids(self) -> set[str]:
        """The documents that have an original."""
        ...
