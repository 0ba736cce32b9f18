"""Store of original files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol


class OriginalStore(Protocol):
    """The original files, by document id."""

    def store(self, document_id: str, source: Path) -> Path:
        """Copy a file in atomically and return its path.

        Raises:
            StorageFull: the disk is full.
        """
        ...

    def path(self, document_id: str) -> Path:
        """The path of a document's original, which may be missing."""
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
