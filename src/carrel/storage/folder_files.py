"""Files of synchronised folders, in the database."""

from __future__ import annotations

import os

from carrel.core.folders import FileStat, FolderFile
from carrel.disk.sqlite_file import storable
from carrel.storage.database import Database


class SqliteFolderFiles:
    """See ``carrel.core.folders.FolderFiles`` for the contract.

    Every method may raise what ``Database.transaction`` raises.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def files(self, collection_id: str, folder: str) -> list[FolderFile]:
        """The documents of a collection that come from files of the folder."""
        query = (
            "SELECT document.name, document.id, size, mtime_ns, brought FROM folder_file "
            "JOIN document ON document.id = document_id "
            "WHERE folder = ? AND collection_id = ? ORDER BY document.name"
        )
        with self._database.reading() as connection:
            rows = connection.execute(query, (storable(folder), collection_id)).fetchall()
        return [
            FolderFile(name, document_id, FileStat(size, mtime_ns), bool(brought))
            for name, document_id, size, mtime_ns, brought in rows
        ]

    def record(self, folder: str, document_id: str, stat: FileStat, *, brought: bool) -> None:
        """Record a document of a folder; ``brought`` of a known one is unchanged.

        A document that a job has read from the folder counts as brought too.
        """
        insert = (
            "INSERT INTO folder_file (folder, document_id, size, mtime_ns, brought) "
            "SELECT ?, id, ?, ?, ? OR EXISTS ("
            "SELECT 1 FROM job_file WHERE document_id = document.id AND outcome != 'unchanged' "
            "AND substr(path, 1, length(?)) = ?) FROM document WHERE id = ? "
            "ON CONFLICT (document_id, folder) DO UPDATE "
            "SET size = excluded.size, mtime_ns = excluded.mtime_ns"
        )
        below = os.fsencode(folder) + os.fsencode(os.sep)
        values = (
            storable(folder), stat.size, stat.mtime_ns, int(brought), below, below, document_id
        )  # fmt: skip
        with self._database.transaction() as connection:
            connection.execute(insert, values)
