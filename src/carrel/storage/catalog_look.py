"""Reads ``catalog.db`` before anything is opened for writing."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from carrel.core.errors import StoreCorrupt
from carrel.disk.damage import damage_of, read_only_connection
from carrel.disk.failures import disk_errors

KEEP = (
    "keep the folder as it is, and put catalog.db back from the latest backup "
    "(docs/stores.md says how)"
)


@dataclass(frozen=True, slots=True)
class CatalogLook:
    """``exists`` is False without a catalog, and for one that is empty.

    ``has_log`` says that commits of a lost catalog are still in ``catalog.db-wal``, which SQLite
    deletes when it creates a new file. ``known`` holds the ids of its documents, and of deleted
    ones whose files may still exist.
    """

    exists: bool
    has_log: bool = False
    known: frozenset[str] = frozenset()


def look_at_catalog(path: Path) -> CatalogLook:
    """Return which documents a catalog knows; read-only, with any earlier schema.

    Raises:
        StoreCorrupt: the file is damaged.
        InvalidSetting, StoreInUse, Unavailable: it cannot be read.
    """
    with disk_errors(path, KEEP):
        if not path.exists() or (path.is_file() and not path.stat().st_size):
            beside = path.with_name(f"{path.name}-wal")
            return CatalogLook(False, has_log=beside.is_file() and beside.stat().st_size > 0)
        damage = damage_of(path, read_only=True)
        if damage is not None:
            raise StoreCorrupt(
                f"{path} is damaged or is not a file of Carrel's ({damage}): {KEEP}."
            )
        with closing(read_only_connection(path)) as connection:
            query = "SELECT name FROM sqlite_master WHERE type = 'table'"
            tables = {row[0] for row in connection.execute(query)}
            known = {
                row[0]
                for table in sorted({"document", "leaving_document"} & tables)
                for row in connection.execute(f"SELECT id FROM {table}")
            }
    return CatalogLook(bool(tables), known=frozenset(known))
