"""Checks that the catalog belongs to its data folder."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from carrel.core.errors import CatalogIncomplete, PathNotFound
from carrel.core.leftovers import Leftovers
from carrel.index.keyword.keyword import indexed_documents
from carrel.settings.document_settings import DocumentSettings
from carrel.storage.catalog_look import CatalogLook, look_at_catalog
from carrel.storage.lock import DataFolderLock
from carrel.storage.originals import stored_ids
from carrel.storage.quarantine import Quarantine

CATALOG = "catalog.db"
_BESIDE = ("", "-wal", "-shm", "-journal")


@dataclass(frozen=True, slots=True)
class Recovery:
    """``files`` originals were set aside below ``folder``; None if there were none."""

    files: int
    folder: Path | None


def require_catalog(folder: Path) -> None:
    """Check, before anything is opened, that the catalog knows the files of its data folder.

    A document missing from the catalog counts as deleted only if few are missing, see
    ``Leftovers``, and never if the catalog itself is new.

    Raises:
        CatalogIncomplete: the catalog is missing, empty or an older one; nothing was changed.
        StoreCorrupt: it is damaged.
    """
    look = look_at_catalog(folder / CATALOG)
    originals = stored_ids(folder / "originals")
    if look.exists:
        unknown = Leftovers(len(originals), len(originals - look.known))
        if unknown.is_loss:
            raise CatalogIncomplete(
                _refusal(folder, "original files", unknown, "catalog.db seems to be an older one")
            )
    elif _is_used(folder, look, originals):
        reason = "catalog.db is missing or empty"
        found = Leftovers(len(originals), len(originals))
        raise CatalogIncomplete(_refusal(folder, "original files", found, reason))


def require_known(folder: Path, indexed: Leftovers) -> None:
    """Check that the catalog knows the documents in the indexes.

    Raises:
        CatalogIncomplete: it does not; nothing was changed.
    """
    if indexed.is_loss:
        reason = "catalog.db seems to be an older one"
        raise CatalogIncomplete(_refusal(folder, "indexed documents", indexed, reason))


def set_unknown_aside(folder: Path) -> Recovery:
    """Move what the catalog does not know into quarantine, so that Carrel starts with the rest.

    Without a catalog these are the originals, the received files and the indexes, which are
    useless without it; with one, the originals that it does not know.

    Raises:
        PathNotFound: there is no such data folder.
        StoreInUse: another process holds the data folder.
        StoreCorrupt: the catalog is damaged.
        StorageFull, InvalidSetting: something cannot be moved.
    """
    if not folder.is_dir():
        raise PathNotFound(f"There is no data folder {folder}: name it with --db_dir.")
    with ExitStack() as opening:
        lock = DataFolderLock(folder)
        lock.acquire()
        opening.callback(lock.release)
        look = look_at_catalog(folder / CATALOG)
        originals = stored_ids(folder / "originals")
        quarantine = Quarantine(folder / "quarantine")
        place: Path | None = None
        if not look.exists and _is_used(folder, look, originals):
            place = quarantine.take(".", _without_catalog(folder))
        unknown = sorted(originals - look.known)
        paths = [folder / "originals" / each for each in unknown]
        taken = quarantine.take("originals", paths)
        moved = place or (taken.parent if taken is not None else None)
        return Recovery(len(unknown), moved)


def _without_catalog(folder: Path) -> list[Path]:
    """Return what is useless without the catalog, and the remains of the catalog."""
    kinds = get_args(DocumentSettings.model_fields["db_type"].annotation)
    names = [f"{database}{each}" for database in (CATALOG, "keyword.db") for each in _BESIDE]
    paths = [folder / each for each in (*names, "incoming", *kinds)]
    return [each for each in paths if each.exists()]


def _is_used(folder: Path, look: CatalogLook, originals: set[str]) -> bool:
    """Whether a folder without a catalog held documents before."""
    received = folder / "incoming"
    return (
        bool(originals)
        or look.has_log
        or bool(indexed_documents(folder / "keyword.db"))
        or (received.is_dir() and any(received.iterdir()))
    )


def _refusal(folder: Path, kind: str, found: Leftovers, reason: str) -> str:
    return (
        f"The data folder {folder} holds {found.found} {kind}, of which its catalog knows "
        f"{found.found - found.unknown} ({reason}): put catalog.db back from the latest backup, or "
        f"run 'carrel recover --db_dir={folder}' to start without the others, which moves them to "
        f"{folder / 'quarantine'}. Nothing was changed."
    )
