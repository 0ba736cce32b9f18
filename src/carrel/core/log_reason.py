"""What a log line may contain of an error."""

from __future__ import annotations

from carrel.core.errors import (
    CarrelError,
    CatalogIncomplete,
    InvalidSetting,
    ModelLoadFailed,
    ModelNotFound,
    ModelNotReady,
    PortInUse,
    StorageFull,
    StoreCorrupt,
    StoreInUse,
    UnknownSetting,
)

OF_THE_MACHINE = (
    *(InvalidSetting, UnknownSetting, ModelNotFound, ModelNotReady, ModelLoadFailed),
    *(CatalogIncomplete, PortInUse, StorageFull, StoreCorrupt, StoreInUse),
)
"""Errors whose messages name settings, models and folders, and no user content."""


def log_reason(error: BaseException) -> str:
    """Return the message of an error that concerns the machine; the code or class of any other.

    Other messages name documents and collections, or repeat a server's reply to a question.
    """
    if isinstance(error, OF_THE_MACHINE):
        return str(error)
    return error.code if isinstance(error, CarrelError) else type(error).__name__
