"""Damaged SQLite files that can be rebuilt from the catalog: set aside, not deleted."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

import structlog

from carrel.disk.failures import disk_errors

REBUILT = "start Carrel again, which sets it aside and makes it again from the documents"

_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_MARK = ".damaged"
_BESIDE = ("", "-wal", "-shm", "-journal")
"""Suffixes of the files that SQLite keeps beside a database."""

log = structlog.get_logger()


def damage_of(path: Path, *, read_only: bool = False) -> str | None:
    """Return what is wrong with the structure of an SQLite file, or None.

    Reads the whole file, about a second per gigabyte. A missing file has no damage, nor has one
    that cannot be opened for another reason: the caller meets that on opening it.
    """
    if not path.is_file():
        return None
    try:
        with closing(_opened(path, read_only=read_only)) as connection:
            found = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        return str(error) if code in _DAMAGE else None
    problem = str(found[0]) if found else "ok"
    return None if problem == "ok" else " ".join(problem.split())


def mark_damaged(path: Path) -> None:
    """Mark the file to be set aside at the next start, even if its structure looks sound."""
    # On a full or read-only disk the mark cannot be written; the structure check remains.
    with suppress(OSError):
        _mark_of(path).touch()


def set_aside_if_damaged(path: Path) -> Path | None:
    """Rename a damaged file with its companions, and return its new path; None if it is sound.

    The new name ends with ``.damaged-`` and the time in UTC. Nothing removes it.

    Raises:
        InvalidSetting, StorageFull: it cannot be renamed.
    """
    marked = _mark_of(path).exists()
    reason = damage_of(path) or ("it was found damaged while it was in use" if marked else None)
    if reason is None:
        return None
    with disk_errors(path):
        aside = _free_name(path)
        for suffix in _BESIDE:
            part = path.with_name(path.name + suffix)
            if part.exists():
                part.rename(aside.with_name(aside.name + suffix))
        _mark_of(path).unlink(missing_ok=True)
    log.warning("store.set_aside", file=str(path), reason=reason, to=aside.name)
    return aside


def _opened(path: Path, *, read_only: bool) -> sqlite3.Connection:
    return read_only_connection(path) if read_only else sqlite3.connect(path, timeout=10)


def read_only_connection(path: Path) -> sqlite3.Connection:
    """Open a file that no process writes, read-only; commits in its log are included."""
    log_file = path.with_name(f"{path.name}-wal")
    has_log = log_file.is_file() and log_file.stat().st_size > 0
    # Without a log SQLite would make an empty one, unless the file is declared unchangeable.
    mode = "mode=ro" if has_log else "mode=ro&immutable=1"
    return sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True, timeout=10)


def _mark_of(path: Path) -> Path:
    return path.with_name(path.name + _MARK)


def _free_name(path: Path) -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    name, number = f"{path.name}{_MARK}-{stamp}", 1
    while path.with_name(name).exists():
        number += 1
        name = f"{path.name}{_MARK}-{stamp}-{number}"
    return path.with_name(name)
