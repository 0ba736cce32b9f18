"""Names of one data folder's collections on a shared server."""

from __future__ import annotations

import os
import re
from pathlib import Path
from uuid import uuid4

from carrel.disk.failures import disk_errors

_WRITTEN = re.compile(r"carrel-[0-9a-f]{32}")


class ServerNamespace:
    """A random prefix of the data folder, stored in ``folder``.

    A copy of the folder has the same prefix: of two copies on one server, one must delete its
    ``folder``.

    Raises (every method):
        StorageFull: the disk is full.
        InvalidSetting: the folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self._outdated = folder / "outdated"
        file = folder / "namespace"
        with disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            written = file.read_text() if file.is_file() else ""
            if _WRITTEN.fullmatch(written) is None:
                written = f"carrel-{uuid4().hex}"
                _write_through(file, written)
        self._name = written

    @property
    def prefix(self) -> str:
        """The prefix of the data folder's collections."""
        return f"{self._name}-"

    def of(self, collection_id: str) -> str:
        """Return the name of a collection on the server."""
        return self.prefix + collection_id

    def is_outdated(self) -> bool:
        """Whether another embedder made the vectors on the server."""
        return self._outdated.exists()

    def renew(self) -> None:
        """Record that nothing outdated is on the server any more."""
        with disk_errors(self._outdated.parent):
            self._outdated.unlink(missing_ok=True)


def mark_outdated(folder: Path) -> None:
    """Record in the folder of a namespace, if there is one, that its vectors are outdated.

    Raises:
        StorageFull: the disk is full.
        InvalidSetting: the folder cannot be written.
    """
    if folder.is_dir():
        with disk_errors(folder):
            (folder / "outdated").touch()


def _write_through(file: Path, text: str) -> None:
    """Write a file atomically and flush it to the disk."""
    partial = file.with_suffix(".partial")
    with partial.open("w") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(file)
