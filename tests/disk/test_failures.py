"""The table from failures of the disk to core errors."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections import namedtuple
from pathlib import Path

import pytest

from carrel.core.errors import (
    CarrelError,
    InvalidSetting,
    StorageFull,
    StoreCorrupt,
    StoreInUse,
    Unavailable,
)
from carrel.disk import failures
from carrel.disk.failures import disk_errors, is_nearly_full, require_space

Usage = namedtuple("Usage", "total used free")


def failure_of_sqlite(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("it failed")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (errno.ENOSPC, StorageFull),
        (errno.EDQUOT, StorageFull),
        (errno.EACCES, InvalidSetting),
        (errno.EROFS, InvalidSetting),
        (errno.ENOTDIR, InvalidSetting),
        (errno.EIO, Unavailable),
    ],
)
def test_a_failure_of_the_system_becomes_one_clear_line(
    tmp_path: Path, number: int, expected: type[CarrelError]
) -> None:
    place = tmp_path / "catalog.db"
    with pytest.raises(CarrelError) as raised, disk_errors(place):
        raise OSError(number, os.strerror(number))
    assert type(raised.value) is expected
    assert str(place) in str(raised.value)
    assert "\n" not in str(raised.value)
    assert isinstance(raised.value.__cause__, OSError)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (sqlite3.SQLITE_FULL, StorageFull),
        (sqlite3.SQLITE_CORRUPT, StoreCorrupt),
        (sqlite3.SQLITE_CORRUPT_INDEX, StoreCorrupt),
        (sqlite3.SQLITE_NOTADB, StoreCorrupt),
        (sqlite3.SQLITE_READONLY_DBMOVED, InvalidSetting),
        (sqlite3.SQLITE_CANTOPEN, InvalidSetting),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, StoreInUse),
        (sqlite3.SQLITE_IOERR_WRITE, Unavailable),
    ],
)
def test_a_failure_of_sqlite_is_reported_by_its_kind(
    tmp_path: Path, code: int, expected: type[CarrelError]
) -> None:
    with pytest.raises(CarrelError) as raised, disk_errors(tmp_path / "catalog.db"):
        raise failure_of_sqlite(code)
    assert type(raised.value) is expected


def test_an_input_error_on_a_disk_without_space_is_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failures.shutil, "disk_usage", lambda _: Usage(100, 99, 1))
    with pytest.raises(StorageFull), disk_errors(tmp_path / "catalog.db"):
        raise failure_of_sqlite(sqlite3.SQLITE_IOERR_WRITE)


@pytest.mark.parametrize(
    "error",
    [
        FileNotFoundError(errno.ENOENT, "no such file"),
        sqlite3.IntegrityError("NOT NULL constraint failed"),
        sqlite3.ProgrammingError("Cannot operate on a closed database."),
        KeyError("x"),
    ],
)
def test_what_the_table_does_not_know_passes_unchanged(tmp_path: Path, error: Exception) -> None:
    with pytest.raises(type(error)) as raised, disk_errors(tmp_path):
        raise error
    assert raised.value is error


def test_space_is_measured_on_the_file_system_of_the_path(tmp_path: Path) -> None:
    require_space(tmp_path, 1)
    assert not is_nearly_full(tmp_path)
    with pytest.raises(StorageFull, match="Free some space"):
        require_space(tmp_path, 10**18)
