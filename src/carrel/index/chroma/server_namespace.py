"""What the collections of one data folder are called on a server that others use, too."""

from __future__ import annotations

import os
import re
from pathlib import Path
from uuid import uuid4

from carrel.disk.failures import disk_errors

_WRITTEN = re.compile(r"carrel-[0-9a-f]{32}")


class ServerNamespace:
    """A name of the data folder's own, made at random the first time and kept in ``folder``.

    A copy of the folder has the same name: of two copies at one server, one loses its ``folder``.

    Raises (every method):
        StorageFull: the disk has no room.
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
        """Begins the names of the data folder's collections, and of no other's."""
        return f"{self._name}-"

    def of(self, collection_id: str) -> str:
        """Return what a collection is called on the server."""
        return self.prefix + collection_id

    def is_outdated(self) -> bool:
        """Whether another embedder made what the server holds."""
        return self._outdated.exists()

    def renew(self) -> None:
        """Note that nothing outdated is on the server any more."""
        with disk_errors(self._outdated.parent):
            self._outdated.unlink(missing_ok=True)


def mark_outdated(folder: Path) -> None:
    """Note in the folder of a namespace, if there is one, that its vectors are of no use now.

    Raises:
        StorageFull: the disk has no room.
        InvalidSetting: the folder cannot be written.
    """
    if folder.is_dir():
        with disk_errors(folder):
            (folder / "outdated").touch()


def _write_through(file: Path, text: str) -> None:
    """Write a file that is whole and on the disk, or not there, whatever happens."""
    partial = file.with_suffix(".partial")
    with partial.open("w") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(file)
