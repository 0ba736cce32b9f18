"""An SQLite file shared by the threads of one process."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import RLock
from typing import Literal

from carrel.core.errors import StorageFull, StoreCorrupt
from carrel.disk.damage import REBUILT, mark_damaged
from carrel.disk.failures import RESTORE, disk_errors

BUSY_SECONDS = 10.0


def storable(text: str) -> str:
    """Return the text with lone surrogates replaced, which SQLite's UTF-8 cannot hold.

    They come from file names that are not UTF-8 and from escapes in JSON.
    """
    return text.encode("utf-8", "replace").decode("utf-8")


class SqliteFile:
    """A connection in WAL mode behind one lock, with foreign keys enforced.

    Deleted data is overwritten with zeros (``secure_delete``).

    With ``synchronous`` FULL a committed transaction survives a power cut; with NORMAL the last
    ones may be lost then, but never torn. Both survive the end of the process.

    A ``rebuildable`` file that is found damaged is marked, so that the next start sets it aside
    (``set_aside_if_damaged``). For other files the error gives ``advice``.

    Raises (the constructor and the blocks below):
        StorageFull, StoreCorrupt, StoreInUse, InvalidSetting, Unavailable: see ``disk_errors``.
    """

    def __init__(
        self,
        path: Path,
        synchronous: Literal["NORMAL", "FULL"],
        *,
        rebuildable: bool = False,
        advice: str = RESTORE,
    ) -> None:
        self._path = path
        self._rebuildable = rebuildable
        self._advice = REBUILT if rebuildable else advice
        self._lock = RLock()
        with self._errors():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
                self._connection.execute(f"PRAGMA synchronous = {synchronous}")
                self._connection.execute("PRAGMA foreign_keys = ON")
                self._connection.execute("PRAGMA secure_delete = ON")
            except sqlite3.Error:
                self._connection.close()
                raise

    @property
    def path(self) -> Path:
        """The path of the file."""
        return self._path

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Hold the connection for queries; fetch the rows within the block."""
        with self._lock, self._errors():
            yield self._connection

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Commit what the block does, or undo all of it when it raises. Does not nest."""
        with self._lock, self._errors():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            finally:
                # SQLite has rolled back by itself after some failures, a full disk among them.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

    def empty_log(self) -> None:
        """Checkpoint and empty the log.

        Until then the log keeps earlier data, deleted rows included. If another process reads the
        file, or the disk is full, this is left to the next time.
        """
        with suppress(StorageFull), self.reading() as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Release the file. Closing twice does nothing."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            with disk_errors(self._path, self._advice):
                yield
        except StoreCorrupt as error:
            # What another store raised within the block says nothing about this file.
            if self._rebuildable and isinstance(error.__cause__, sqlite3.Error):
                mark_damaged(self._path)
            raise
