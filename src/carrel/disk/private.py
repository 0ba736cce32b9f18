"""Files and folders that only the account of this process can read."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import structlog

OTHERS = stat.S_IRWXG | stat.S_IRWXO
"""The mode bits of everybody but the owner."""

log = structlog.get_logger()


def write_privately() -> None:
    """Have this process, and the programs it starts, make files and folders for its owner alone."""
    os.umask(OTHERS)


def make_private(folder: Path) -> None:
    """Remove all access of others to a folder and its contents.

    What this process may not change is logged and left. Links are not followed.
    """
    state = folder.stat()
    if state.st_mode & stat.S_ISVTX or folder.resolve() == Path(folder.anchor or "/"):
        # Such as /tmp: not a folder of this program's own.
        log.warning("folder.shared", folder=str(folder), reason="others keep files in it as well")
        return
    refused = 0
    for path in _tree(folder):
        try:
            mode = stat.S_IMODE(path.lstat().st_mode)
            if mode & OTHERS:
                path.chmod(mode & ~OTHERS)
        except FileNotFoundError:
            continue
        except PermissionError:
            refused += 1
    if refused:
        log.warning(
            "folder.readable", folder=str(folder), reason=f"{refused} files belong to others"
        )


def _tree(folder: Path) -> Iterator[Path]:
    """Yield the folder and its contents, without links; a folder before its contents."""
    yield folder
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(parent, name)
            if not path.is_symlink():
                yield path
