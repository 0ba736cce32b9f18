"""The database of catalog and chats, at the current schema."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection

from carrel.core.errors import StoreCorrupt
from carrel.disk.sqlite_file import SqliteFile
from carrel.storage.catalog_look import KEEP
from carrel.storage.migrations import MIGRATIONS, statements


class Database:
    """An SQLite file, migrated to the newest schema when it is opened. Threads may share it.

    Every commit is on the disk before it returns (``synchronous`` FULL): a document that was
    reported as ready survives a power cut.

    Raises (the constructor):
        StoreCorrupt: the file is no database, or a newer Carrel has written it.
        StorageFull, StoreInUse, InvalidSetting, Unavailable: it cannot be opened.
    """

    def __init__(self, path: Path, migrations: Sequence[str] = MIGRATIONS) -> None:
        self._file = SqliteFile(path, synchronous="FULL", advice=KEEP)
        try:
            self._migrate(migrations)
        except BaseException:
            self._file.close()
            raise

    def _migrate(self, migrations: Sequence[str]) -> None:
        with self.reading() as connection:
            version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > len(migrations):
            raise StoreCorrupt(
                f"{self._file.path} has schema {version}, but this Carrel supports at most "
                f"{len(migrations)}: start the newer Carrel that wrote it."
            )
        for number, script in enumerate(migrations[version:], start=version + 1):
            with self.transaction() as connection:
                for statement in statements(script):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {number}")

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Commit what the block does, or undo all of it when it raises. Does not nest.

        Raises:
            StorageFull, StoreCorrupt, StoreInUse, InvalidSetting, Unavailable: the disk failed.
        """
        with self._file.transaction() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Hold the connection for queries; fetch the rows within the block.

        Raises:
            StorageFull, StoreCorrupt, StoreInUse, InvalidSetting, Unavailable: the disk failed.
        """
        with self._file.reading() as connection:
            yield connection

    def empty_log(self) -> None:
        """Remove deleted data from the file's log."""
        self._file.empty_log()

    def close(self) -> None:
        """Release the file. Closing twice does nothing."""
        self._file.close()
