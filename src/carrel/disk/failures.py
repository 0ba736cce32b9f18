"""Maps errors of the disk and of SQLite to Carrel's errors."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from carrel.core.errors import (
    CarrelError,
    InvalidSetting,
    StorageFull,
    StoreCorrupt,
    StoreInUse,
    Unavailable,
)

NEARLY_FULL = 1_000_000
"""Bytes. With less free space, an I/O error without a cause means a full disk."""

RESTORE = "restore it from a backup"

_FULL = "The disk is full: {place} could not be written. Free some space and try again."
_CORRUPT = "{place} is damaged or is not a file of Carrel's ({detail}): {advice}."
_FORBIDDEN = "{place} cannot be written ({detail}): make it writable, or give another --db_dir."
_IN_USE = "{place} is locked by another program: stop that one and try again."
_FAILED = "{place} could not be read or written ({detail}): check the disk."

_BY_ERRNO: dict[int, tuple[type[CarrelError], str]] = {
    errno.ENOSPC: (StorageFull, _FULL),
    errno.EDQUOT: (StorageFull, _FULL),
    errno.EACCES: (InvalidSetting, _FORBIDDEN),
    errno.EPERM: (InvalidSetting, _FORBIDDEN),
    errno.EROFS: (InvalidSetting, _FORBIDDEN),
    errno.EISDIR: (InvalidSetting, _FORBIDDEN),
    errno.ENOTDIR: (InvalidSetting, _FORBIDDEN),
    errno.EEXIST: (InvalidSetting, _FORBIDDEN),
    errno.EIO: (Unavailable, _FAILED),
}

_BY_SQLITE_CODE: dict[int, tuple[type[CarrelError], str]] = {
    sqlite3.SQLITE_FULL: (StorageFull, _FULL),
    sqlite3.SQLITE_CORRUPT: (StoreCorrupt, _CORRUPT),
    sqlite3.SQLITE_NOTADB: (StoreCorrupt, _CORRUPT),
    sqlite3.SQLITE_READONLY: (InvalidSetting, _FORBIDDEN),
    sqlite3.SQLITE_CANTOPEN: (InvalidSetting, _FORBIDDEN),
    sqlite3.SQLITE_PERM: (InvalidSetting, _FORBIDDEN),
    sqlite3.SQLITE_BUSY: (StoreInUse, _IN_USE),
    sqlite3.SQLITE_LOCKED: (StoreInUse, _IN_USE),
    sqlite3.SQLITE_IOERR: (Unavailable, _FAILED),
}


def is_nearly_full(path: Path) -> bool:
    """Whether the file system of an existing path is almost full."""
    return shutil.disk_usage(path).free < NEARLY_FULL


def require_space(path: Path, needed: int) -> None:
    """Check that the file system of an existing path has ``needed`` bytes free.

    Raises:
        StorageFull: it has not.
    """
    free = shutil.disk_usage(path).free
    if free < needed:
        raise StorageFull(
            f"The disk is full: {path} needs {needed / 1e6:.0f} MB to be written safely and has "
            f"{free / 1e6:.1f} MB. Free some space and try again."
        )


@contextmanager
def disk_errors(path: Path, advice: str = RESTORE) -> Iterator[None]:
    """Convert disk errors of the block to the error that the table above names.

    ``advice`` says what to do about a damaged file; it ends the message. Other errors, such as a
    violated constraint, are raised unchanged.

    Raises:
        StorageFull: the disk is full.
        StoreCorrupt: the file is damaged.
        InvalidSetting: the path cannot be written.
        StoreInUse: another program holds the file.
        Unavailable: the disk failed.
    """
    try:
        yield
    except OSError as error:
        known = _BY_ERRNO.get(error.errno or 0)
        if known is None:
            raise
        raise _as_core_error(known, path, error.strerror or str(error), advice) from error
    except sqlite3.Error as error:
        # The low byte is the kind of failure; the rest says where in SQLite it happened.
        known = _BY_SQLITE_CODE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
        if known is None:
            raise
        raise _as_core_error(known, path, str(error), advice) from error


def _as_core_error(
    known: tuple[type[CarrelError], str], path: Path, detail: str, advice: str
) -> CarrelError:
    kind, message = known
    if kind is Unavailable and is_nearly_full(path.parent):
        # SQLite reports a full disk as a bare I/O error while it maps its shared memory.
        kind, message = StorageFull, _FULL
    return kind(message.format(place=path, detail=detail, advice=advice))
