"""Folders that a collection is kept in agreement with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class FileStat:
    """What tells that a file changed, without opening it."""

    size: int
    mtime_ns: int


UNKNOWN = FileStat(-1, 0)
"""No file has it: one that is recorded with it is read again at the next pass."""


@dataclass(frozen=True, slots=True)
class FolderFile:
    """A document that stands for a file of a folder, as the file was when it was read.

    ``brought`` tells that the folder brought the document; one that was there already, byte for
    byte, is not the folder's to remove.
    """

    name: str
    document_id: str
    stat: FileStat
    brought: bool


class FolderFiles(Protocol):
    """What was read of each folder. What is known of a document goes when that is deleted."""

    def files(self, collection_id: str, folder: str) -> Sequence[FolderFile]:
        """The documents of a collection that stand for files of the folder.

        A name comes twice where an older version of a file is ready and the newer one failed.
        """
        ...

    def record(self, folder: str, document_id: str, stat: FileStat, *, brought: bool) -> None:
        """Remember a document of a folder; who brought a known one stays as it is.

        A document that a job has read from the folder counts as brought, too: the job may have
        gone on with what an earlier pass began. One that has been deleted is ignored.
        """
        ...
