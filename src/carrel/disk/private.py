"""Files and folders readable only by the account of this process."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import structlog

OTHERS = stat.S_IRWXG | stat.S_IRWXO
"""The mode bits of group and others."""

log = structlog.get_logger()


def write_privately() -> None:
    """Restrict new files of this process and its children to their owner."""
    os.umask(OTHERS)


def make_private(folder: Path) -> None:
    """Remove group and other permissions from a folder and its contents.

    What this process may not change is logged and skipped. Links are not followed.
    """
    state = folder.stat()
    if state.st_mode & stat.S_ISVTX or folder.resolve() == Path(folder.anchor or "/"):
        # A shared folder such as /tmp.
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
