"""Collections in the database: names, statistics and embedders."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from sqlite3 import Connection
from uuid import uuid4

from carrel.core.access import LOCAL_ACCOUNT
from carrel.core.documents import MY_DATA, USER_DATA, Collection, CollectionContents
from carrel.core.errors import AlreadyExists, CollectionNotFound, StorageFull
from carrel.disk.sqlite_file import storable
from carrel.storage.database import Database

_PREPARED = "prepared"


class CollectionTable:
    """The collection part of the catalog; documents are in ``SqliteCatalog``.

    A new database receives the local account's private ``MyData`` and the shared ``UserData``.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        with database.transaction() as connection:
            if _meta(connection, _PREPARED) is None:
                _insert_collection(connection, MY_DATA, False, LOCAL_ACCOUNT)
                _insert_collection(connection, USER_DATA, True, LOCAL_ACCOUNT)
                _set_meta(connection, _PREPARED, "yes")

    def collections(self) -> list[Collection]:
        """Every collection, by name."""
        query = "SELECT id, name, shared, owner FROM collection ORDER BY name COLLATE NOCASE, name"
        with self._database.reading() as connection:
            rows = connection.execute(query).fetchall()
        return [Collection(id, name, bool(shared), owner) for id, name, shared, owner in rows]

    def create_collection(self, name: str, shared: bool, owner: str) -> Collection:
        """Create a collection.

        Raises:
            AlreadyExists: a shared one by that name, or the owner's own, exists.
        """
        name = storable(name)
        taken = "SELECT 1 FROM collection WHERE name = ? AND (shared = 1 OR owner = ?)"
        with self._database.transaction() as connection:
            if connection.execute(taken, (name, owner)).fetchone():
                raise AlreadyExists(f"There is a collection '{name}' already.")
            return _insert_collection(connection, name, shared, owner)

    def delete_collection(self, collection_id: str) -> None:
        """Remove a collection with its documents and chunks; an unknown one is ignored.

        Its id is added to ``leaving_collections`` until ``forget_collection``, those of its
        documents to ``leaving_documents``.
        """
        with self._database.transaction() as connection:
            note_leaving(connection, "collection_id = ?", (collection_id,))
            removed = connection.execute("DELETE FROM collection WHERE id = ?", (collection_id,))
            if removed.rowcount:
                connection.execute("INSERT INTO leaving_collection VALUES (?)", (collection_id,))
        self._database.empty_log()

    def leaving_collections(self) -> list[str]:
        """The ids of removed collections that the indexes may still contain."""
        with self._database.reading() as connection:
            rows = connection.execute("SELECT id FROM leaving_collection").fetchall()
        return [row[0] for row in rows]

    def forget_collection(self, collection_id: str) -> None:
        """Record that the indexes contain nothing of a removed collection any more."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM leaving_collection WHERE id = ?", (collection_id,))
        self._database.empty_log()

    def leaving_documents(self) -> set[str]:
        """The ids of removed documents whose files, vectors or words may still exist."""
        with self._database.reading() as connection:
            return {row[0] for row in connection.execute("SELECT id FROM leaving_document")}

    def forget_documents(self, ids: Iterable[str]) -> None:
        """Forget removed documents of which nothing is left, by catalog and index ids.

        On a full disk this is left to the next start.
        """
        with suppress(StorageFull):
            with self._database.transaction() as connection:
                connection.executemany(
                    "DELETE FROM leaving_document WHERE id = ?", [(each,) for each in ids]
                )
            self._database.empty_log()

    def contents(self) -> dict[str, CollectionContents]:
        """The statistics of each collection, by id; empty ones are left out."""
        # A pending document, and a failed one without a digest, has no original.
        query = (
            "SELECT collection_id, count(*), sum(status = 'ready'), sum(status = 'failed'), "
            "sum(chunks), sum(bytes * (status != 'pending' AND sha256 != '')) FROM document "
            "WHERE replaces IS NULL GROUP BY collection_id"
        )
        with self._database.reading() as connection:
            rows = connection.execute(query).fetchall()
        return {row[0]: CollectionContents(*row[1:]) for row in rows}

    def embedders(self) -> dict[str, str]:
        """The embedder of each collection's vectors, by id; left out before its first vector."""
        query = "SELECT id, embedder FROM collection WHERE embedder IS NOT NULL"
        with self._database.reading() as connection:
            return dict(connection.execute(query).fetchall())

    def set_embedder(self, collection_id: str, name: str) -> None:
        """Record the embedder of a collection's vectors; an unknown collection is ignored."""
        record = "UPDATE collection SET embedder = ? WHERE id = ?"
        with self._database.transaction() as connection:
            connection.execute(record, (name, collection_id))

    def rename_collection(self, collection_id: str, name: str, shared: bool) -> Collection:
        """Give a collection another name and say whether it is shared; its documents stay.

        Raises:
            CollectionNotFound: it has been deleted.
            AlreadyExists: another shared one by that name, or the owner's own, exists.
        """
        name = storable(name)
        taken = "SELECT 1 FROM collection WHERE id != ? AND name = ? AND (shared = 1 OR owner = ?)"
        rename = "UPDATE collection SET name = ?, shared = ? WHERE id = ?"
        with self._database.transaction() as connection:
            owned = "SELECT owner FROM collection WHERE id = ?"
            found = connection.execute(owned, (collection_id,)).fetchone()
            if found is None:
                raise CollectionNotFound("The collection has been deleted.")
            if connection.execute(taken, (collection_id, name, found[0])).fetchone():
                raise AlreadyExists(f"There is a collection '{name}' already.")
            connection.execute(rename, (name, int(shared), collection_id))
        return Collection(collection_id, name, shared, found[0])


def note_leaving(connection: Connection, condition: str, values: Sequence[str]) -> None:
    """Record documents that are about to be deleted, so that their files may be removed.

    Without that record, unknown files could belong to a newer catalog.
    """
    for column in ("id", "indexed_as"):
        connection.execute(
            f"INSERT OR IGNORE INTO leaving_document SELECT {column} FROM document "
            f"WHERE {column} IS NOT NULL AND {condition}",
            values,
        )


def _insert_collection(connection: Connection, name: str, shared: bool, owner: str) -> Collection:
    # The leading letter keeps the id valid for stores whose names may not start with a digit.
    collection = Collection(f"c{uuid4().hex}", name, shared, owner)
    connection.execute(
        "INSERT INTO collection (id, name, shared, owner) VALUES (?, ?, ?, ?)",
        (collection.id, name, int(shared), owner),
    )
    return collection


def _meta(connection: Connection, key: str) -> str | None:
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return None if row is None else str(row[0])


def _set_meta(connection: Connection, key: str, value: str) -> None:
    connection.execute(
        "INSERT INTO meta (key, value) VALUES (?, ?) "
        "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (key, value),
    )
