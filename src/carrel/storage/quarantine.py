"""Files unknown to the catalog, kept for inspection."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import structlog

from carrel.disk.failures import disk_errors

log = structlog.get_logger()


class Quarantine:
    """A folder with one subfolder, named by time, for each start that set something aside.

    Nothing is deleted from it.

    Raises (every method):
        StorageFull, InvalidSetting: the folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self._root = folder
        self._folder: Path | None = None

    def take(self, below: str, paths: Sequence[Path]) -> Path | None:
        """Move files and folders into the subfolder ``below`` of this start's folder.

        Returns their new folder; None if there are none.
        """
        if not paths:
            return None
        with disk_errors(self._root):
            if self._folder is None:
                self._folder = _new_folder(self._root)
            place = self._folder / below
            place.mkdir(parents=True, exist_ok=True)
            for path in paths:
                # One of the folders may be on another file system.
                shutil.move(path, place / path.name)
        log.warning("quarantine.taken", files=len(paths), folder=str(place))
        return place

    def held(self) -> tuple[int, int]:
        """Return how many files are in quarantine, and their bytes."""
        with disk_errors(self._root):
            sizes = [each.stat().st_size for each in self._root.rglob("*") if each.is_file()]
        return len(sizes), sum(sizes)

    def report(self) -> None:
        """Log what is in quarantine, if anything."""
        files, size = self.held()
        if files:
            log.info("quarantine.kept", files=files, bytes=size, folder=str(self._root))


def _new_folder(root: Path) -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    folder, number = root / stamp, 1
    while folder.exists():
        number += 1
        folder = root / f"{stamp}-{number}"
    folder.mkdir(parents=True)
    return folder
