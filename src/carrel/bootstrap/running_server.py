"""The server that holds a data folder, for other processes that want its services."""

from __future__ import annotations

from carrel.settings.schema import Settings
from carrel.storage.lock import DataFolderLock


def server_address(settings: Settings) -> str | None:
    """Return the URL of the process that holds the data folder, if it serves."""
    holder = DataFolderLock.holder(settings.storage.db_dir)
    return holder.address if holder else None
