"""The lock of a data folder: one process at a time."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

from carrel.core.errors import StoreInUse
from carrel.disk.failures import disk_errors
from carrel.disk.file_lock import is_free, try_exclusive

ATTEMPTS = 20
PAUSE_SECONDS = 0.01


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that holds a data folder.

    ``pid`` is None while it has only just taken the folder; ``address`` is the URL at which it
    serves, None when it does not.
    """

    pid: int | None
    address: str | None = None


class DataFolderLock:
    """An advisory lock (see ``carrel.disk.file_lock``) on the file ``.lock`` in a data folder.

    The system releases it when the process ends, however that happens. The file stays; what
    it contains is valid only while the lock is held.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock.

        Raises:
            StoreInUse: another process (or another lock of this one) holds the folder.
            InvalidSetting, StorageFull: the lock file cannot be written.
        """
        if self._descriptor is not None:
            raise RuntimeError("this lock is held already")
        path = _lock_file(self._folder)
        with disk_errors(path):
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                if not _try_lock(descriptor):
                    raise self._in_use()
                _write(descriptor, Holder(os.getpid()))
            except BaseException:
                os.close(descriptor)
                raise
        self._descriptor = descriptor

    def _in_use(self) -> StoreInUse:
        holder = DataFolderLock.holder(self._folder)
        process = f"process {holder.pid}" if holder and holder.pid else "another process"
        where = f", which serves {holder.address}," if holder and holder.address else ""
        return StoreInUse(
            f"The data folder {self._folder} is in use by {process}{where or ':'} "
            "stop it, or give another folder with --db_dir."
        )

    def publish(self, address: str) -> None:
        """Publish the URL of this process to other processes.

        Raises:
            StorageFull: the disk is full.
        """
        if self._descriptor is None:
            raise RuntimeError("only the holder of the lock may publish an address")
        with disk_errors(_lock_file(self._folder)):
            _write(self._descriptor, Holder(os.getpid(), address))

    def release(self) -> None:
        """Release the folder. Releasing twice does nothing."""
        if self._descriptor is None:
            return
        descriptor, self._descriptor = self._descriptor, None
        os.ftruncate(descriptor, 0)
        os.close(descriptor)

    @staticmethod
    def holder(folder: Path) -> Holder | None:
        """Return who holds the folder now; None when nobody does.

        Raises:
            InvalidSetting: the lock file cannot be read.
        """
        path = _lock_file(folder)
        with disk_errors(path):
            try:
                descriptor = os.open(path, os.O_RDONLY)
            except FileNotFoundError:
                return None
            try:
                for _ in range(ATTEMPTS):
                    if is_free(descriptor):
                        return None
                    found = _read(descriptor)
                    if found is not None:
                        return found
                    # Taken an instant ago, and not signed yet.
                    time.sleep(PAUSE_SECONDS)
                return Holder(None)
            finally:
                os.close(descriptor)


def _lock_file(folder: Path) -> Path:
    return folder / ".lock"


def _try_lock(descriptor: int) -> bool:
    """Take the lock; try again for a moment, because asking who holds it locks it too."""
    for _ in range(ATTEMPTS):
        if try_exclusive(descriptor):
            return True
        time.sleep(PAUSE_SECONDS)
    return False


def _write(descriptor: int, holder: Holder) -> None:
    content = json.dumps({"pid": holder.pid, "address": holder.address}).encode()
    os.ftruncate(descriptor, 0)
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.write(descriptor, content)


def _read(descriptor: int) -> Holder | None:
    """Return what the holder wrote; None while that is incomplete."""
    try:
        os.lseek(descriptor, 0, os.SEEK_SET)
        content = json.loads(os.read(descriptor, 4096))
        return Holder(int(content["pid"]), content["address"])
    except (ValueError, KeyError, TypeError):
        return None
