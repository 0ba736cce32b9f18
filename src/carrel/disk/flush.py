"""Waiting until what was written is on the disk."""

from __future__ import annotations

import os
from pathlib import Path

FOLDERS_CAN_BE_OPENED = os.name == "posix"


def flush(path: Path) -> None:
    """Wait until a file, or a folder's list of files, is on the disk.

    Windows opens no folders, and its file system keeps their lists in a journal.
    """
    if path.is_dir() and not FOLDERS_CAN_BE_OPENED:
        return
    # Windows flushes only what is open for writing.
    descriptor = os.open(path, os.O_RDONLY if FOLDERS_CAN_BE_OPENED else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
