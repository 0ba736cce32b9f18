"""Immutable files with the parts of a large FAISS index."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Set
from pathlib import Path
from typing import Any
from uuid import uuid4

from carrel.disk.failures import disk_errors
from carrel.disk.flush import flush

SUFFIX = ".segment"
PARTIAL = ".partial"

BLOCK = 2**20
"""Bytes written at a time at most."""


class SegmentFiles:
    """Files in FAISS's own format; nothing in them is ever executed.

    A file gets its final name only once all of it is on the disk. It is read only after its digest
    was compared, so FAISS never gets a damaged one.

    Raises (every method):
        StorageFull, InvalidSetting, Unavailable: the disk failed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, index: Any) -> tuple[str, str]:
        """Write an index under a new name, and return the name and the digest."""
        import faiss

        digest = hashlib.sha256()
        name = f"{uuid4().hex}{SUFFIX}"
        partial = self._folder / f"{name}{PARTIAL}"
        with disk_errors(partial):
            try:
                with partial.open("wb") as stream:

                    def put(block: bytes) -> None:
                        digest.update(block)
                        stream.write(block)

                    # Unlike FAISS's own writer, this reports why the disk refuses, and copies
                    # little.
                    faiss.write_index(index, faiss.PyCallbackIOWriter(put, BLOCK))  # type: ignore[attr-defined]
                    stream.flush()
                    os.fsync(stream.fileno())
                partial.replace(self._folder / name)
            finally:
                partial.unlink(missing_ok=True)
            flush(self._folder)
        return name, digest.hexdigest()

    def is_whole(self, name: str, digest: str) -> bool:
        """Whether the file exists with its original content."""
        path = self._folder / name
        with disk_errors(path):
            try:
                with path.open("rb") as stream:
                    return hashlib.file_digest(stream, "sha256").hexdigest() == digest
            except FileNotFoundError:
                return False

    def open(self, name: str) -> Any:
        """Return a file's index, memory-mapped and read-only."""
        import faiss

        return faiss.read_index(str(self._folder / name), faiss.IO_FLAG_MMAP_IFC)

    def load(self, name: str) -> Any:
        """Return a file's index in memory, where it can be changed."""
        import faiss

        return faiss.read_index(str(self._folder / name))

    def remove(self, names: Set[str]) -> None:
        """Remove files; missing ones are ignored."""
        for name in names:
            path = self._folder / name
            with disk_errors(path):
                path.unlink(missing_ok=True)

    def keep_only(self, names: Set[str]) -> None:
        """Remove all other files: a process was killed while it wrote them."""
        written = {each.name for each in self._folder.glob(f"*{SUFFIX}")}
        partial = {each.name for each in self._folder.glob(f"*{SUFFIX}{PARTIAL}")}
        self.remove((written | partial) - names)
