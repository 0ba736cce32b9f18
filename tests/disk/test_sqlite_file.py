"""One SQLite file shared by threads."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from carrel.core.errors import StoreInUse
from carrel.disk.sqlite_file import SqliteFile, storable


@pytest.mark.parametrize(("synchronous", "level"), [("NORMAL", 1), ("FULL", 2)])
def test_the_chosen_durability_is_set(tmp_path: Path, synchronous: str, level: int) -> None:
    file = SqliteFile(tmp_path / "a.db", synchronous=synchronous)  # type: ignore[arg-type]
    with file.reading() as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (level,)
    file.close()


def test_a_file_that_another_program_writes_is_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("carrel.disk.sqlite_file.BUSY_SECONDS", 0.05)
    file = SqliteFile(tmp_path / "a.db", synchronous="NORMAL")
    other = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreInUse, match=r"a\.db is locked"), file.transaction():
        pytest.fail("the transaction may not begin")
    other.execute("ROLLBACK")
    other.close()
    with file.transaction() as connection:
        connection.execute("CREATE TABLE t (x)")
    file.close()


def test_only_lone_surrogates_are_replaced() -> None:
    assert storable("é 文 😀 \x00") == "é 文 😀 \x00"
    assert storable("caf\udce9") == "caf?"
