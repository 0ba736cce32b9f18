"""Detects interrupted in-place writes of a store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from carrel.disk.failures import require_space

RESERVE = 4_000_000
"""Bytes that must be free, besides half the size of the watched files."""

Fingerprint = dict[str, list[int]]


class WriteGuard:
    """Marks each write to a store whose files in subfolders are overwritten in place.

    The mark names the collections and records the size and modification time of those files. A mark
    that still exists when the store is opened, with other sizes or times, means that the files may
    be torn: the process was killed, or the disk was full, during the write.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mark = folder / "writing.json"

    @contextmanager
    def writing(self, collection_id: str, *, grows: bool) -> Iterator[None]:
        """Mark the block as a write; the mark stays if it raises with files half overwritten.

        Raises:
            StorageFull: the write ``grows`` the store, and the disk is almost full.
        """
        files = self._files()
        if grows:
            require_space(self._folder, RESERVE + sum(size for size, _ in files.values()) // 2)
        earlier = self._read()
        if earlier is None:
            self._write([collection_id], files)
        elif collection_id not in earlier[0]:
            self._write([*earlier[0], collection_id], earlier[1])
        whole = False
        try:
            yield
            whole = True
        finally:
            if earlier is None and (whole or files == self._files()):
                self._mark.unlink()

    def torn_collections(self) -> list[str]:
        """Return the collections whose files may be torn."""
        mark = self._read()
        return [] if mark is None or mark[1] == self._files() else mark[0]

    def is_marked(self) -> bool:
        """Whether a write did not end: the files must be left unchanged."""
        return self._mark.exists()

    def clear(self) -> None:
        """Remove the mark: the store is complete."""
        self._mark.unlink(missing_ok=True)

    def _read(self) -> tuple[list[str], Fingerprint] | None:
        try:
            mark = json.loads(self._mark.read_text())
        except FileNotFoundError:
            return None
        except ValueError:
            # Stopped before the mark was complete, and so before the write began.
            return None
        return mark["collections"], mark["files"]

    def _write(self, collections: list[str], files: Fingerprint) -> None:
        partial = self._mark.with_suffix(".partial")
        partial.write_text(json.dumps({"collections": collections, "files": files}))
        partial.replace(self._mark)

    def _files(self) -> Fingerprint:
        found: Fingerprint = {}
        for path in sorted(self._folder.glob("*/*")):
            status = path.stat()
            found[path.relative_to(self._folder).as_posix()] = [
                status.st_size,
                status.st_mtime_ns,
            ]
        return found
