"""How often a folder is synchronised: once, or again whenever something changed in it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

from carrel.disk.folder_changes import folder_changes

QUIET_SECONDS = 2.0
"""A file that changed is read when it has been left alone for this long."""


async def folder_passes(folder: Path, *, watch: bool) -> AsyncGenerator[float]:
    """Yield once, or without end, when a pass is due; how long a file has to be quiet for it."""
    if not watch:
        yield 0
        return
    async with aclosing(folder_changes(folder)) as changes:
        async for _ in changes:
            yield QUIET_SECONDS
