"""Documents and chunks in the database."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from sqlite3 import Connection
from typing import Any
from uuid import uuid4

from carrel.core.document_properties import NOTHING_STATED, DocumentProperties
from carrel.core.documents import Chunk, DocumentRecord, DocumentStatus
from carrel.core.errors import CollectionNotFound, DocumentNotFound
from carrel.disk.sqlite_file import storable
from carrel.storage.collection_table import CollectionTable, note_leaving

_DOCUMENT = (
    "id, collection_id, name, sha256, bytes, status, added_at, pages, chunks, reason, indexed_as, "
    "properties"
)
_CHUNK = "id, document_id, ordinal, text, page, heading, start_offset, end_offset"


class SqliteCatalog(CollectionTable):
    """The catalog; see ``carrel.core.protocols.adapters.Catalog`` for the contract.

    Every method may raise what ``Database.transaction`` raises. A method that changes a document
    raises ``DocumentNotFound`` if the id is unknown. Lone surrogates in names and texts are stored
    as question marks.
    """

    def begin_document(
        self,
        collection_id: str,
        name: str,
        sha256: str,
        size: int,
        reading: str = "",
        *,
        replaces: str | None = None,
    ) -> DocumentRecord:
        """Record a pending document under a new id; ``reading`` identifies how it is chunked.

        One that ``replaces`` a document is listed only among the ``replacements``.

        Raises:
            CollectionNotFound: the collection has been deleted.
            DocumentNotFound: the document to be replaced has been deleted.
        """
        known = "SELECT 1 FROM collection WHERE id = ?"
        insert = (
            "INSERT INTO document "
            "(id, collection_id, name, sha256, bytes, status, added_at, reading, replaces) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
        )
        document_id = uuid4().hex
        added_at = datetime.now(UTC).isoformat()
        with self._database.transaction() as connection:
            if not connection.execute(known, (collection_id,)).fetchone():
                raise CollectionNotFound("The collection has been deleted.")
            if replaces is not None:
                _require_document(connection, replaces)
            connection.execute(
                insert,
                (
                    document_id,
                    collection_id,
                    storable(name),
                    sha256,
                    size,
                    DocumentStatus.PENDING.value,
                    added_at,
                    reading,
                    replaces,
                ),
            )
            return _require_document(connection, document_id)

    def add_chunks(self, document_id: str, chunks: Sequence[Chunk]) -> None:
        """Store the chunks of a pending document; existing ones are overwritten.

        Raises:
            DocumentNotFound: there is no such pending document.
        """
        with self._database.transaction() as connection:
            record = _require_document(connection, document_id)
            if record.status is not DocumentStatus.PENDING:
                raise DocumentNotFound(f"'{record.name}' is {record.status.value}, not pending.")
            connection.executemany(
                f"INSERT OR REPLACE INTO chunk ({_CHUNK}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [_chunk_row(document_id, chunk) for chunk in chunks],
            )

    def finish_document(
        self,
        document_id: str,
        pages: int | None,
        left_out: str | None = None,
        properties: DocumentProperties = NOTHING_STATED,
    ) -> DocumentRecord:
        """Mark a document ready and remove what it replaces, in one transaction.

        ``left_out`` becomes its reason: what of the file was skipped.

        Other documents of the same name in the collection (an older version, an earlier
        failure) are removed from the catalog; a pending one is kept.
        """
        ready = (
            "UPDATE document SET status = ?, pages = ?, reason = ?, properties = ?, "
            "chunks = (SELECT count(*) FROM chunk WHERE document_id = document.id) WHERE id = ?"
        )
        with self._database.transaction() as connection:
            record = _require_document(connection, document_id)
            connection.execute(ready, (*_ready_values(pages, left_out, properties), document_id))
            _drop_namesakes(connection, record, [DocumentStatus.READY, DocumentStatus.FAILED])
            return _require_document(connection, document_id)

    def exchange_document(
        self,
        document_id: str,
        pages: int | None,
        left_out: str | None = None,
        properties: DocumentProperties = NOTHING_STATED,
    ) -> DocumentRecord:
        """Move a pending document's content to the one that it replaces, which becomes ready.

        The id, name and time of that one are kept. If it had failed, a ready one of its name is
        removed, as with ``finish_document``. This is one transaction.

        Raises:
            DocumentNotFound: there is no such pending document, or none that it replaces.
        """
        ready = (
            "UPDATE document SET status = ?, pages = ?, reason = ?, properties = ?, "
            "indexed_as = ?, reading = (SELECT reading FROM document WHERE id = ?), "
            "chunks = (SELECT count(*) FROM chunk WHERE document_id = document.id) WHERE id = ?"
        )
        moved = "UPDATE chunk SET document_id = ? WHERE document_id = ?"
        with self._database.transaction() as connection:
            found = connection.execute(
                "SELECT replaces FROM document WHERE id = ?", (document_id,)
            ).fetchone()
            record = _require_document(connection, found[0] if found and found[0] else "")
            connection.execute("DELETE FROM chunk WHERE document_id = ?", (record.id,))
            connection.execute(moved, (record.id, document_id))
            state = _ready_values(pages, left_out, properties)
            connection.execute(ready, (*state, document_id, document_id, record.id))
            connection.execute("DELETE FROM document WHERE id = ?", (document_id,))
            if record.status is DocumentStatus.FAILED:
                _drop_namesakes(connection, record, [DocumentStatus.READY])
            return _require_document(connection, record.id)

    def fail_document(
        self, document_id: str, reason: str, *, has_original: bool = False
    ) -> DocumentRecord:
        """Remove a document's chunks, mark it failed, and drop earlier failures of its name."""
        failed = (
            "UPDATE document SET status = ?, reason = ?, pages = NULL, chunks = 0, "
            "sha256 = iif(?, sha256, '') WHERE id = ?"
        )
        with self._database.transaction() as connection:
            record = _require_document(connection, document_id)
            connection.execute("DELETE FROM chunk WHERE document_id = ?", (document_id,))
            values = (DocumentStatus.FAILED.value, storable(reason), has_original, document_id)
            connection.execute(failed, values)
            _drop_namesakes(connection, record, [DocumentStatus.FAILED])
            return _require_document(connection, document_id)

    def ready_document(self, collection_id: str, name: str) -> DocumentRecord | None:
        """The ready document of this name in a collection, if there is one."""
        return self._named(collection_id, name, DocumentStatus.READY)

    def failed_document(self, collection_id: str, name: str) -> DocumentRecord | None:
        """The failed document of this name in a collection, if there is one."""
        return self._named(collection_id, name, DocumentStatus.FAILED)

    def _named(
        self, collection_id: str, name: str, status: DocumentStatus
    ) -> DocumentRecord | None:
        query = (
            f"SELECT {_DOCUMENT} FROM document WHERE collection_id = ? AND name = ? "
            "AND status = ? LIMIT 1"
        )
        values = (collection_id, storable(name), status.value)
        with self._database.reading() as connection:
            row = connection.execute(query, values).fetchone()
        return None if row is None else _document(row)

    def unfinished(
        self,
        collection_id: str,
        name: str,
        sha256: str,
        reading: str,
        *,
        replaces: str | None = None,
    ) -> DocumentRecord | None:
        """The pending document that was begun with exactly these values, if there is one."""
        query = (
            f"SELECT {_DOCUMENT} FROM document WHERE collection_id = ? AND name = ? "
            "AND sha256 = ? AND reading = ? AND status = ? AND replaces IS ? LIMIT 1"
        )
        pending = DocumentStatus.PENDING.value
        values = (collection_id, storable(name), sha256, reading, pending, replaces)
        with self._database.reading() as connection:
            row = connection.execute(query, values).fetchone()
        return None if row is None else _document(row)

    def same_content(self, sha256: str, reading: str) -> DocumentRecord | None:
        """A ready document of any collection with the same bytes and the same reading."""
        query = (
            f"SELECT {_DOCUMENT} FROM document WHERE sha256 = ? AND reading = ? AND status = ? "
            "LIMIT 1"
        )
        with self._database.reading() as connection:
            row = connection.execute(
                query, (sha256, reading, DocumentStatus.READY.value)
            ).fetchone()
        return None if row is None else _document(row)

    def delete_document(self, document_id: str) -> None:
        """Remove a document and its chunks; an unknown one is ignored.

        Its id is added to ``leaving_documents``.
        """
        with self._database.transaction() as connection:
            note_leaving(connection, "id = ?", (document_id,))
            connection.execute("DELETE FROM document WHERE id = ?", (document_id,))
        self._database.empty_log()

    def documents(self, collection_id: str) -> list[DocumentRecord]:
        """The documents of a collection, by name."""
        return self._listed(collection_id, "replaces IS NULL")

    def replacements(self, collection_id: str) -> list[DocumentRecord]:
        """The pending documents that replace others of a collection."""
        return self._listed(collection_id, "replaces IS NOT NULL")

    def _listed(self, collection_id: str, condition: str) -> list[DocumentRecord]:
        query = (
            f"SELECT {_DOCUMENT} FROM document WHERE collection_id = ? AND {condition} "
            "ORDER BY name COLLATE NOCASE, name, added_at"
        )
        with self._database.reading() as connection:
            rows = connection.execute(query, (collection_id,)).fetchall()
        return [_document(row) for row in rows]

    def document(self, document_id: str) -> DocumentRecord | None:
        """One document, or None."""
        with self._database.reading() as connection:
            return _find_document(connection, document_id)

    def chunks(self, chunk_ids: Sequence[str]) -> dict[str, Chunk]:
        """The chunks by id, of ready documents only; unknown ids are left out."""
        query = (
            f"SELECT {_CHUNK} FROM chunk WHERE id IN (SELECT value FROM json_each(?)) AND "
            "document_id IN (SELECT id FROM document WHERE status = ?)"
        )
        parameters = (json.dumps(list(chunk_ids)), DocumentStatus.READY.value)
        with self._database.reading() as connection:
            rows = connection.execute(query, parameters).fetchall()
        return {row[0]: Chunk(*row) for row in rows}

    def document_chunks(self, document_id: str) -> list[Chunk]:
        """All chunks of a document in reading order."""
        query = f"SELECT {_CHUNK} FROM chunk WHERE document_id = ? ORDER BY ordinal"
        with self._database.reading() as connection:
            rows = connection.execute(query, (document_id,)).fetchall()
        return [Chunk(*row) for row in rows]

    def ready_count(self, collection_id: str, document_ids: Sequence[str] = ()) -> int:
        """The number of ready documents, among ``document_ids`` where any are given."""
        query = "SELECT count(*) FROM document WHERE collection_id = ? AND status = ?"
        parameters = [collection_id, DocumentStatus.READY.value]
        if document_ids:
            query += " AND id IN (SELECT value FROM json_each(?))"
            parameters.append(json.dumps(list(document_ids)))
        with self._database.reading() as connection:
            return int(connection.execute(query, parameters).fetchone()[0])


def _drop_namesakes(
    connection: Connection, record: DocumentRecord, statuses: Sequence[DocumentStatus]
) -> None:
    condition = (
        "collection_id = ? AND name = ? AND id != ? AND status IN (SELECT value FROM json_each(?))"
    )
    values = (
        record.collection_id,
        record.name,
        record.id,
        json.dumps([status.value for status in statuses]),
    )
    note_leaving(connection, condition, values)
    connection.execute(f"DELETE FROM document WHERE {condition}", values)


def _ready_values(
    pages: int | None, left_out: str | None, properties: DocumentProperties
) -> tuple[str, int | None, str | None, str]:
    stated = json.dumps(properties.values(), ensure_ascii=False)
    reason = None if left_out is None else storable(left_out)
    return DocumentStatus.READY.value, pages, reason, storable(stated)


def _chunk_row(document_id: str, chunk: Chunk) -> tuple[Any, ...]:
    heading = None if chunk.heading is None else storable(chunk.heading)
    text = storable(chunk.text)
    return (
        chunk.id, document_id, chunk.ordinal, text, chunk.page, heading, chunk.start, chunk.end
    )  # fmt: skip


def _document(row: Sequence[Any]) -> DocumentRecord:
    id, collection_id, name, sha256, size, status, added_at, *rest = row
    pages, chunks, reason, indexed, properties = rest
    return DocumentRecord(
        id=id,
        collection_id=collection_id,
        name=name,
        sha256=sha256,
        bytes=size,
        status=DocumentStatus(status),
        added_at=datetime.fromisoformat(added_at),
        pages=pages,
        chunks=chunks,
        reason=reason,
        indexed_as=indexed,
        properties=DocumentProperties.of(json.loads(properties)) if properties else NOTHING_STATED,
    )


def _find_document(connection: Connection, document_id: str) -> DocumentRecord | None:
    query = f"SELECT {_DOCUMENT} FROM document WHERE id = ?"
    row = connection.execute(query, (document_id,)).fetchone()
    return None if row is None else _document(row)


def _require_document(connection: Connection, document_id: str) -> DocumentRecord:
    record = _find_document(connection, document_id)
    if record is None:
        raise DocumentNotFound(f"There is no document '{document_id}'.")
    return record
