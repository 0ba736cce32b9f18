"""Removes deleted data that Chroma only marks as deleted.

Chroma keeps the vectors of deleted rows in a graph's files, and rows in free pages of its database;
unused space of a new graph's files is filled with uninitialised memory of the process. Rebuilding a
graph takes about a millisecond per remaining vector: so deletions are recorded, and processed when
the store is opened.
"""

from __future__ import annotations

import json
import sqlite3
import struct
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chromadb.api.models.Collection import Collection

SMALL = 20_000
"""Maximum vectors of a graph that is rebuilt after any deletion."""

SHARE = 0.1
"""Deleted share at which a larger graph is rebuilt; below it every start would take minutes."""

PAGE = 1_000
"""Rows copied at a time."""

HEADER = struct.Struct("<i6Q2i3QdQ")
"""Start of a graph's header: version, offset, capacity, vectors, bytes for each, ..."""

HEADER_VERSION = 1

COPY = "-clean"
"""Suffix of an incomplete copy."""


class Deletions:
    """Counts the deleted vectors of each collection since its graph was built, in a file."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "deleted.json"

    def counts(self) -> dict[str, int]:
        """The number of deleted vectors by collection, without dropped collections."""
        try:
            counts: dict[str, int] = json.loads(self._file.read_text())
        except (FileNotFoundError, ValueError):
            # An unreadable count costs a cleaning, never a vector.
            return {}
        return counts

    def note(self, collection_id: str, deleted: int) -> None:
        """Add to a collection's count."""
        counts = self.counts()
        counts[collection_id] = counts.get(collection_id, 0) + deleted
        self._write(counts)

    def settle(self, collection_id: str) -> None:
        """Reset a collection's count: its graph contains nothing deleted."""
        counts = self.counts()
        if counts.pop(collection_id, None) is not None:
            self._write(counts)

    def _write(self, counts: dict[str, int]) -> None:
        partial = self._file.with_suffix(".partial")
        partial.write_text(json.dumps(counts))
        partial.replace(self._file)


def is_due(deleted: int, remaining: int) -> bool:
    """Whether a graph should be rebuilt now."""
    return deleted > 0 and (remaining <= SMALL or deleted >= SHARE * (deleted + remaining))


def copy_rows(source: Collection, target: Collection) -> None:
    """Copy every vector of one Chroma collection into another, a page at a time."""
    for offset in range(0, source.count(), PAGE):
        page = source.get(limit=PAGE, offset=offset, include=["embeddings", "metadatas"])
        target.add(ids=page["ids"], embeddings=page["embeddings"], metadatas=page["metadatas"])


def compact(database: Path) -> None:
    """Rewrite Chroma's database without its free pages, which contain deleted rows."""
    with closing(sqlite3.connect(database, timeout=10, isolation_level=None)) as connection:
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("VACUUM")


def wipe_unused(graph: Path) -> None:
    """Overwrite the unused space of a graph's files with zeros.

    A folder whose files differ in form from those of the pinned Chroma is left unchanged.
    """
    header = graph / "header.bin"
    if not header.is_file() or header.stat().st_size != HEADER.size:
        return
    version, _, _, vectors, length = HEADER.unpack(header.read_bytes())[:5]
    if version != HEADER_VERSION:
        return
    for name, taken in (("data_level0.bin", vectors * length), ("length.bin", vectors * 4)):
        file = graph / name
        size = file.stat().st_size if file.is_file() else 0
        if size > taken:
            with file.open("r+b") as stream:
                stream.seek(taken)
                stream.write(bytes(size - taken))
