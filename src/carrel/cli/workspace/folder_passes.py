"""Schedules the passes over a folder: once, or after every change."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

from carrel.disk.folder_changes import folder_changes

QUIET_SECONDS = 2.0
"""A changed file is read when it has not been modified for this long."""


async def folder_passes(folder: Path, *, watch: bool) -> AsyncGenerator[float]:
    """Yield, once or endlessly, when a pass is due, how long a file must be unmodified for it."""
    if not watch:
        yield 0
        return
    async with aclosing(folder_changes(folder)) as changes:
        async for _ in changes:
            yield QUIET_SECONDS
