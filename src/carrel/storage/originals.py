"""Store of original files."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from carrel.core.errors import DocumentNotFound, PathNotFound
from carrel.disk.failures import disk_errors
from carrel.disk.flush import flush
from carrel.storage.quarantine import Quarantine

_PARTIAL = ".partial"
_SAFE_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")


class OriginalFiles:
    """One file per document in a folder, named by the document's id.

    The folder belongs to one process at a time: remains of an interrupted copy are removed when it
    is opened. Files of no document are moved to a new folder in ``quarantine`` each time, where
    they stay until somebody deletes them.

    Raises (every method):
        StorageFull, InvalidSetting: the folder cannot be written.
    """

    def __init__(self, folder: Path, quarantine: Quarantine) -> None:
        self._folder = folder
        self._quarantine = quarantine
        with disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            for leftover in folder.glob(f"*{_PARTIAL}"):
                leftover.unlink()

    def store(self, document_id: str, source: Path) -> Path:
        """Copy a file in atomically and return its path.

        The copy is on the disk when this returns.

        Raises:
            StorageFull: the disk is full.
            PathNotFound: there is no file ``source``.
        """
        target = self.path(document_id)
        partial = target.with_name(target.name + _PARTIAL)
        if not source.is_file():
            raise PathNotFound(f"There is no file {source}.")
        with disk_errors(target):
            try:
                shutil.copyfile(source, partial)
                flush(partial)
                partial.replace(target)
                flush(self._folder)
            finally:
                partial.unlink(missing_ok=True)
        return target

    def path(self, document_id: str) -> Path:
        """The path of a document's original, which may be missing.

        Raises:
            DocumentNotFound: this is not a valid document id.
        """
        if not _SAFE_ID.fullmatch(document_id):
            raise DocumentNotFound(f"There is no document '{document_id}'.")
        return self._folder / document_id

    def delete(self, document_ids: Iterable[str]) -> None:
        """Remove originals; unknown ones are ignored."""
        with disk_errors(self._folder):
            for document_id in document_ids:
                self.path(document_id).unlink(missing_ok=True)

    def set_aside(self, document_ids: Iterable[str]) -> None:
        """Move originals that belong to no document into quarantine; unknown ones are ignored."""
        paths = [self.path(each) for each in sorted(document_ids)]
        self._quarantine.take(self._folder.name, [each for each in paths if each.exists()])

    def ids(self) -> set[str]:
        """The documents that have an original."""
        return stored_ids(self._folder)


def stored_ids(folder: Path) -> set[str]:
    """Return the documents that have an original in a folder, which may be missing.

    Raises:
        InvalidSetting: the folder cannot be read.
    """
    with disk_errors(folder):
        if not folder.exists():
            return set()
        return {each.name for each in folder.iterdir() if _SAFE_ID.fullmatch(each.name)}
