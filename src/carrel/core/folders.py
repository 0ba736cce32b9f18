"""Synchronised folders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class FileStat:
    """Detects that a file changed, without opening it."""

    size: int
    mtime_ns: int


UNKNOWN = FileStat(-1, 0)
"""No file has it: one recorded with it is read again at the next pass."""


@dataclass(frozen=True, slots=True)
class FolderFile:
    """A document made from a file of a folder, and the file's state when it was read.

    ``brought`` says that the synchronisation added the document; one that was there before, byte
    for byte, is not removed with its file.
    """

    name: str
    document_id: str
    stat: FileStat
    brought: bool


class FolderFiles(Protocol):
    """The files read from each folder. A deleted document's record is deleted with it."""

    def files(self, collection_id: str, folder: str) -> Sequence[FolderFile]:
        """The documents of a collection that come from files of the folder.

        A name occurs twice if an older version of a file is ready and the newer one failed.
        """
        ...

    def record(self, folder: str, document_id: str, stat: FileStat, *, brought: bool) -> None:
        """Record a document of a folder; ``brought`` of a known one is unchanged.

        A document that a job has read from the folder counts as brought too: the job may have
        resumed an earlier pass. A deleted one is ignored.
        """
        ...
