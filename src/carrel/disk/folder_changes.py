"""Watches a folder for changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from pathlib import Path

import structlog
from watchfiles import awatch

from carrel.core.log_reason import log_reason

LOOK_SECONDS = 60.0
"""Polling interval, for network shares and folders that come back."""

log = structlog.get_logger()


async def folder_changes(folder: Path, look_seconds: float = LOOK_SECONDS) -> AsyncGenerator[None]:
    """Yield at once, after changes below the folder, and every ``look_seconds``.

    Changes while the consumer is busy are merged into one. The system reports changes on local
    disks only: the consumer lists the folder each time, which is how changes on network shares
    are found. Never ends by itself, even if the folder is deleted.
    """
    changed = asyncio.Event()
    listening = asyncio.create_task(_listen(folder, changed, look_seconds))
    # Watching starts before the first look, so that no change is missed.
    await asyncio.sleep(0)
    try:
        while True:
            changed.clear()
            yield
            with suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), look_seconds)
    finally:
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening


async def _listen(folder: Path, changed: asyncio.Event, pause: float) -> None:
    """Set the event at each change, while the system reports them."""
    while True:
        try:
            changes = awatch(folder, watch_filter=None, step=200, ignore_permission_denied=True)
            async with aclosing(changes):
                async for _ in changes:
                    changed.set()
        except Exception as error:  # noqa: BLE001
            # The folder is missing, or too large to watch: polling remains.
            log.debug("folder.unwatched", folder=str(folder), reason=log_reason(error))
        await asyncio.sleep(pause)
