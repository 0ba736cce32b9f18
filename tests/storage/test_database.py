"""Opening, migrating and writing the database."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from carrel.core.chat import Message, Role
from carrel.core.conversations import SavedTurn
from carrel.core.document_properties import NOTHING_STATED
from carrel.core.errors import InvalidSetting, StorageFull, StoreCorrupt
from carrel.storage.catalog import SqliteCatalog
from carrel.storage.conversations import SqliteConversationStore
from carrel.storage.database import Database
from carrel.storage.migrations import MIGRATIONS, statements

FIRST = "CREATE TABLE number (value INTEGER NOT NULL); CREATE INDEX by_value ON number (value);"
SECOND = "ALTER TABLE number ADD COLUMN word TEXT NOT NULL DEFAULT 'none';"


def pragma(database: Database, name: str) -> object:
    with database.reading() as connection:
        return connection.execute(f"PRAGMA {name}").fetchone()[0]


def numbers(database: Database) -> list[int]:
    with database.reading() as connection:
        return [row[0] for row in connection.execute("SELECT value FROM number ORDER BY value")]


def insert(database: Database, *values: int | None) -> None:
    with database.transaction() as connection:
        for value in values:
            connection.execute("INSERT INTO number (value) VALUES (?)", (value,))


def test_a_new_database_is_at_the_newest_schema_with_safe_settings(tmp_path: Path) -> None:
    database = Database(tmp_path / "deep" / "catalog.db")
    assert pragma(database, "user_version") == len(MIGRATIONS)
    assert pragma(database, "journal_mode") == "wal"
    assert pragma(database, "foreign_keys") == 1
    assert pragma(database, "synchronous") == 2
    database.close()
    database.close()


def test_every_migration_leaves_valid_foreign_keys_and_an_intact_file(tmp_path: Path) -> None:
    database = Database(tmp_path / "catalog.db")
    SqliteCatalog(database)
    with database.reading() as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    database.close()


def test_statements_are_those_that_end_with_a_semicolon() -> None:
    assert len(statements(FIRST)) == 2
    assert all(sqlite3.complete_statement(f"{each};") for each in statements(MIGRATIONS[0]))


def test_an_older_database_is_migrated_and_keeps_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    old = Database(path, [FIRST])
    insert(old, 1, 2)
    old.close()
    new = Database(path, [FIRST, SECOND])
    assert pragma(new, "user_version") == 2
    with new.reading() as connection:
        rows = connection.execute("SELECT value, word FROM number").fetchall()
    assert rows == [(1, "none"), (2, "none")]
    new.close()


def test_the_embedder_of_a_folder_becomes_that_of_each_collection(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    old = Database(path, MIGRATIONS[:3])
    with old.transaction() as connection:
        connection.execute("INSERT INTO meta VALUES ('prepared', 'yes'), ('embedder', 'an/one')")
        connection.execute(
            "INSERT INTO collection VALUES ('c1', 'A', 1, 'local'), ('c2', 'B', 0, 'local')"
        )
    old.close()
    new = Database(path)
    catalog = SqliteCatalog(new)
    assert catalog.embedders() == {"c1": "an/one", "c2": "an/one"}
    later = catalog.create_collection("C", True, "local")
    assert later.id not in catalog.embedders()
    new.close()


def test_documents_from_before_state_nothing(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    old = Database(path, MIGRATIONS[:11])
    with old.transaction() as connection:
        connection.execute(
            "INSERT INTO collection (id, name, shared, owner) VALUES ('c', 'A', 1, 'local')"
        )
        connection.execute(
            "INSERT INTO document (id, collection_id, name, sha256, bytes, status, added_at) "
            "VALUES ('d', 'c', 'a.pdf', '0', 1, 'ready', '2024-05-14T09:30:00+00:00')"
        )
    old.close()
    new = Database(path)
    [document] = SqliteCatalog(new).documents("c")
    assert document.properties == NOTHING_STATED
    new.close()


def test_a_migration_that_fails_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    old = Database(path, [FIRST])
    insert(old, 1)
    old.close()
    broken = f"{SECOND} CREATE TABLE number (value);"
    with pytest.raises(sqlite3.OperationalError, match="already exists"):
        Database(path, [FIRST, broken])
    again = Database(path, [FIRST])
    assert numbers(again) == [1]
    again.close()


def test_a_database_from_the_future_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    Database(path, [FIRST, SECOND]).close()
    with pytest.raises(StoreCorrupt, match=r"catalog\.db has schema 2.*newer Carrel") as refused:
        Database(path, [FIRST])
    assert "\n" not in str(refused.value)
    new = Database(path, [FIRST, SECOND])
    assert pragma(new, "user_version") == 2
    new.close()


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    path.write_bytes(b"This is a letter, not a database. " * 100)
    with pytest.raises(StoreCorrupt, match=r"catalog\.db is damaged or is not") as refused:
        Database(path)
    assert "\n" not in str(refused.value)
    assert path.read_bytes() == b"This is a letter, not a database. " * 100


def test_a_damaged_database_is_named_when_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    database = Database(path, [FIRST])
    insert(database, *range(5000))
    database.close()
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    damaged = Database(path, [FIRST])
    with pytest.raises(StoreCorrupt, match=r"catalog\.db is damaged"):
        numbers(damaged)
    damaged.close()


def test_a_place_that_cannot_be_opened_is_a_wrong_setting(tmp_path: Path) -> None:
    (tmp_path / "catalog.db").mkdir()
    with pytest.raises(InvalidSetting, match=r"catalog\.db cannot be written.*--db_dir"):
        Database(tmp_path / "catalog.db")


def test_a_failed_transaction_leaves_nothing_and_the_next_one_works(tmp_path: Path) -> None:
    database = Database(tmp_path / "catalog.db", [FIRST])
    with pytest.raises(sqlite3.IntegrityError):
        insert(database, 1, None)
    with pytest.raises(KeyError), database.transaction() as connection:
        connection.execute("INSERT INTO number VALUES (2)")
        raise KeyError("stop")
    insert(database, 3)
    assert numbers(database) == [3]
    database.close()


def test_a_full_database_says_so_and_keeps_what_it_had(tmp_path: Path) -> None:
    database = Database(tmp_path / "catalog.db", [FIRST])
    insert(database, 1)
    with database.reading() as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StorageFull, match=r"disk is full.*catalog\.db"):
        insert(database, *range(100_000))
    assert numbers(database) == [1]
    with database.reading() as connection:
        connection.execute("PRAGMA max_page_count = 1000000")
    insert(database, 2)
    assert numbers(database) == [1, 2]
    database.close()


def test_threads_share_a_database(tmp_path: Path) -> None:
    database = Database(tmp_path / "catalog.db", [FIRST])

    def write_and_read(number: int) -> bool:
        insert(database, number)
        return number in numbers(database)

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(write_and_read, range(40)))
    assert numbers(database) == list(range(40))
    database.close()


def test_chats_of_an_older_version_can_be_searched(tmp_path: Path) -> None:
    old = Database(tmp_path / "catalog.db", MIGRATIONS[:5])
    with old.transaction() as connection:
        connection.execute("INSERT INTO conversation VALUES ('c', 'Keepers', 'anna', '2026-01-02')")
        connection.execute("INSERT INTO turn VALUES (7, 'c', 'user', 'Who is Ingrid?', '[]', NULL)")
    old.close()
    database = Database(tmp_path / "catalog.db")
    store = SqliteConversationStore(database)
    for words in ("keepers", "ingrid"):
        assert [each.title for each in store.conversations("anna", words)] == ["Keepers"]
    store.append("c", [])
    store.delete("anna", "c")
    assert store.conversations("anna", "ingrid") == []
    database.close()


def test_a_chat_of_an_older_version_has_one_version(tmp_path: Path) -> None:
    old = Database(tmp_path / "catalog.db", MIGRATIONS[:7])
    with old.transaction() as connection:
        for chat in "cd":
            connection.execute(
                "INSERT INTO conversation VALUES (?, 'Keepers', 'anna', '2026-01-02', 0)", (chat,)
            )
        connection.executemany(
            "INSERT INTO turn VALUES (?, ?, 'user', ?, '[]', NULL)",
            [(3, "c", "one"), (4, "d", "other"), (5, "c", "two"), (9, "c", "three")],
        )
    old.close()
    database = Database(tmp_path / "catalog.db")
    store = SqliteConversationStore(database)
    turns = store.turns("anna", "c")
    assert [(each.id, each.parent) for each in turns] == [(3, None), (5, 3), (9, 5)]
    assert [each.message.content for each in turns] == ["one", "two", "three"]
    store.append("c", [SavedTurn(Message(Role.USER, "four"))])
    assert [each.message.content for each in store.turns("anna", "c")][-2:] == ["three", "four"]
    assert [each.message.content for each in store.turns("anna", "d")] == ["other"]
    database.close()
