"""The files that hold a large FAISS index in parts, each written once and never changed."""

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
    """Files in FAISS's own form; nothing in them is ever run.

    A file has its full name only once all of it is on the disk. A file is read only after its
    digest was compared, so FAISS is never given a damaged one.

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

                    # Unlike FAISS's own writing, this says why the disk refuses, and copies little.
                    faiss.write_index(index, faiss.PyCallbackIOWriter(put, BLOCK))  # type: ignore[attr-defined]
                    stream.flush()
                    os.fsync(stream.fileno())
                partial.replace(self._folder / name)
            finally:
                partial.unlink(missing_ok=True)
            flush(self._folder)
        return name, digest.hexdigest()

    def is_whole(self, name: str, digest: str) -> bool:
        """Whether the file is there, with the content that it was written with."""
        path = self._folder / name
        with disk_errors(path):
            try:
                with path.open("rb") as stream:
                    return hashlib.file_digest(stream, "sha256").hexdigest() == digest
            except FileNotFoundError:
                return False

    def open(self, name: str) -> Any:
        """Return a whole file's index, which stays in the file and cannot be changed."""
        import faiss

        return faiss.read_index(str(self._folder / name), faiss.IO_FLAG_MMAP_IFC)

    def load(self, name: str) -> Any:
        """Return a whole file's index in memory, where it can be changed."""
        import faiss

        return faiss.read_index(str(self._folder / name))

    def remove(self, names: Set[str]) -> None:
        """Remove files; missing ones are ignored."""
        for name in names:
            path = self._folder / name
            with disk_errors(path):
                path.unlink(missing_ok=True)

    def keep_only(self, names: Set[str]) -> None:
        """Remove the files that are none of these: a process was killed while it wrote them."""
        written = {each.name for each in self._folder.glob(f"*{SUFFIX}")}
        partial = {each.name for each in self._folder.glob(f"*{SUFFIX}{PARTIAL}")}
        self.remove((written | partial) - names)
