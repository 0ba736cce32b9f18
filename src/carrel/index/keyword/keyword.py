"""Full-text search with SQLite's FTS5."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from sqlite3 import Connection

from carrel.core.documents import Chunk
from carrel.core.errors import StorageFull, StoreCorrupt
from carrel.disk.damage import read_only_connection, set_aside_if_damaged
from carrel.disk.sqlite_file import SqliteFile, storable
from carrel.index.keyword.query_terms import match_expression, separated

SCHEMA = (
    """CREATE TABLE IF NOT EXISTS collection (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT UNIQUE NOT NULL
    )""",
    """CREATE TABLE IF NOT EXISTS entry (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        collection INTEGER NOT NULL REFERENCES collection (number),
        chunk_id TEXT NOT NULL,
        document_id TEXT NOT NULL
    )""",
    """CREATE TABLE IF NOT EXISTS uncleaned (
        collection INTEGER PRIMARY KEY REFERENCES collection (number) ON DELETE CASCADE
    )""",
    "CREATE UNIQUE INDEX IF NOT EXISTS entry_by_chunk ON entry (collection, chunk_id)",
    "CREATE INDEX IF NOT EXISTS entry_by_document ON entry (collection, document_id)",
)


class SqliteKeywordIndex:
    """One full-text table per collection in one database; see ``KeywordIndex`` for the methods.

    A separate table keeps the word statistics of one collection out of the ranking of another. The
    words are stemmed (Porter) and compared without case and diacritics. The table stores the text,
    because otherwise SQLite before 3.43 cannot delete a row.

    FTS5 keeps the words of deleted rows until its segments are merged, which rewrites a whole
    table: that is done when the index is closed, or opened after the process was killed.

    A damaged file is set aside when it is opened, and the index is empty then: everything in it can
    be rebuilt from the catalog's chunks.

    A score is the negated bm25 of FTS5: positive, higher is better.

    Raises (every method):
        StorageFull, StoreCorrupt, StoreInUse, InvalidSetting, Unavailable: the disk failed.
    """

    def __init__(self, path: Path) -> None:
        set_aside_if_damaged(path)
        try:
            self._open(path)
        except StoreCorrupt:
            # The words themselves are damaged, in a file whose structure is sound.
            self._file.close()
            set_aside_if_damaged(path)
            self._open(path)

    def _open(self, path: Path) -> None:
        self._file = SqliteFile(path, synchronous="NORMAL", rebuildable=True)
        self._closed = False
        with self._file.transaction() as connection:
            for statement in SCHEMA:
                connection.execute(statement)
        self._clean()

    def add(self, collection_id: str, chunks: Sequence[Chunk], texts: Sequence[str]) -> None:
        """Store the words of one text per chunk; a chunk id that exists is overwritten."""
        latest = dict(
            zip((chunk.id for chunk in chunks), zip(chunks, texts, strict=True), strict=True)
        )
        with self._file.transaction() as connection:
            collection = _collection(connection, collection_id) or _create(
                connection, collection_id
            )
            _delete(connection, collection, "chunk_id", list(latest))
            for chunk, text in latest.values():
                number = connection.execute(
                    "INSERT INTO entry (collection, chunk_id, document_id) VALUES (?, ?, ?)",
                    (collection, chunk.id, chunk.document_id),
                ).lastrowid
                connection.execute(
                    f"INSERT INTO words_{collection} (rowid, text) VALUES (?, ?)",
                    (number, separated(storable(text))),
                )

    def search(
        self,
        collection_id: str,
        query: str,
        top_k: int,
        document_ids: Sequence[str] = (),
    ) -> list[tuple[str, float]]:
        """Return (chunk id, score) pairs, best first; any text is a valid query.

        A text with any of the query's words is found. A non-empty ``document_ids`` restricts the
        search to those documents.
        """
        expression = match_expression(query)
        if expression is None:
            return []
        with self._file.reading() as connection:
            collection = _collection(connection, collection_id)
            if collection is None:
                return []
            words = f"words_{collection}"
            restriction, parameters = "", [expression]
            if document_ids:
                # The plus keeps SQLite from running the whole match once per allowed row.
                restriction = (
                    "AND +rowid IN (SELECT number FROM entry WHERE collection = ? "
                    "AND document_id IN (SELECT value FROM json_each(?)))"
                )
                parameters += [str(collection), json.dumps(list(document_ids))]
            # This plus lets SQLite keep only the best rows; FTS5 would sort all matches, each with
            # its positions, which takes a third longer with 100,000 chunks.
            rows = connection.execute(
                f"SELECT entry.chunk_id, -best.rank FROM (SELECT rowid, rank FROM {words} "
                f"WHERE {words} MATCH ? {restriction} ORDER BY +rank LIMIT ?) AS best "
                "JOIN entry ON entry.number = best.rowid ORDER BY best.rank, entry.number",
                [*parameters, top_k],
            ).fetchall()
        return [(chunk_id, float(score)) for chunk_id, score in rows]

    def document_ids(self, collection_id: str) -> set[str]:
        """The documents that have at least one chunk in the collection."""
        query = "SELECT DISTINCT document_id FROM entry WHERE collection = ?"
        with self._file.reading() as connection:
            collection = _collection(connection, collection_id)
            return {row[0] for row in connection.execute(query, (collection,))}

    def count(self, collection_id: str) -> int:
        """The number of chunks in the collection."""
        query = "SELECT count(*) FROM entry WHERE collection = ?"
        with self._file.reading() as connection:
            collection = _collection(connection, collection_id)
            return int(connection.execute(query, (collection,)).fetchone()[0])

    def delete_documents(self, collection_id: str, document_ids: Sequence[str]) -> None:
        """Remove all chunks of the documents; unknown ones are ignored."""
        with self._file.transaction() as connection:
            collection = _collection(connection, collection_id)
            if collection is not None:
                _delete(connection, collection, "document_id", document_ids)
        self._file.empty_log()

    def delete_collection(self, collection_id: str) -> None:
        """Remove the collection and everything in it; an unknown one is ignored."""
        with self._file.transaction() as connection:
            collection = _collection(connection, collection_id)
            if collection is not None:
                connection.execute(f"DROP TABLE words_{collection}")
                connection.execute("DELETE FROM entry WHERE collection = ?", (collection,))
                connection.execute("DELETE FROM collection WHERE number = ?", (collection,))
        self._file.empty_log()

    def close(self) -> None:
        """Release the file. Closing twice does nothing."""
        if not self._closed:
            self._closed = True
            self._clean()
            self._file.close()

    def _clean(self) -> None:
        """Merge the tables with deleted rows, so that none of their words is left.

        On a full disk this is left to the next time.
        """
        with suppress(StorageFull):
            with self._file.transaction() as connection:
                rows = connection.execute("SELECT collection FROM uncleaned").fetchall()
                for (collection,) in rows:
                    words = f"words_{collection}"
                    connection.execute(f"INSERT INTO {words} ({words}) VALUES ('optimize')")
                connection.execute("DELETE FROM uncleaned")
            if rows:
                self._file.empty_log()


def indexed_documents(path: Path) -> set[str]:
    """Return the documents of all collections in a closed index, read-only.

    A missing or unreadable file counts as empty.
    """
    if not path.is_file():
        return set()
    try:
        with closing(read_only_connection(path)) as connection:
            query = "SELECT DISTINCT document_id FROM entry"
            return {row[0] for row in connection.execute(query)}
    except sqlite3.Error:
        return set()


def _collection(connection: Connection, collection_id: str) -> int | None:
    """Return the number in the name of a collection's table."""
    query = "SELECT number FROM collection WHERE id = ?"
    row = connection.execute(query, (collection_id,)).fetchone()
    return None if row is None else int(row[0])


def _create(connection: Connection, collection_id: str) -> int:
    cursor = connection.execute("INSERT INTO collection (id) VALUES (?)", (collection_id,))
    connection.execute(
        f"CREATE VIRTUAL TABLE words_{cursor.lastrowid} USING fts5 "
        "(text, tokenize = \"porter unicode61 remove_diacritics 2 categories 'L* N* M* Co'\")"
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def _delete(connection: Connection, collection: int, column: str, values: Sequence[str]) -> None:
    """Delete the entries whose column holds one of the values, and their words."""
    chosen = (
        f"collection = ? AND {column} IN (SELECT value FROM json_each(?))",
        (collection, json.dumps(list(values))),
    )
    connection.execute(
        f"DELETE FROM words_{collection} WHERE rowid IN "
        f"(SELECT number FROM entry WHERE {chosen[0]})",
        chosen[1],
    )
    deleted = connection.execute(f"DELETE FROM entry WHERE {chosen[0]}", chosen[1]).rowcount
    if deleted:
        connection.execute("INSERT OR IGNORE INTO uncleaned VALUES (?)", (collection,))
