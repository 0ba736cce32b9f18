"""Noticing that something changed in a folder."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from pathlib import Path

import structlog
from watchfiles import awatch

from carrel.core.log_reason import log_reason

LOOK_SECONDS = 60.0
"""Shares of other machines, and folders that come back, are noticed by looking this often."""

log = structlog.get_logger()


async def folder_changes(folder: Path, look_seconds: float = LOOK_SECONDS) -> AsyncGenerator[None]:
    """Yield at once, when something below the folder changed, and every ``look_seconds``.

    Changes while the reader is busy are told together afterwards. The system tells of changes on
    disks of its own only: whoever reads this looks at the folder each time, which is how changes
    on network shares are found. It never ends by itself, also when the folder is gone.
    """
    changed = asyncio.Event()
    listening = asyncio.create_task(_listen(folder, changed, look_seconds))
    # Listening begins before the first look, so that nothing falls between the two.
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
    """Set the event at each change, for as long as the system tells of them."""
    while True:
        try:
            told = awatch(folder, watch_filter=None, step=200, ignore_permission_denied=True)
            async with aclosing(told):
                async for _ in told:
                    changed.set()
        except Exception as error:  # noqa: BLE001
            # Gone for now, or more folders than the system watches: the regular look remains.
            log.debug("folder.unwatched", folder=str(folder), reason=log_reason(error))
        await asyncio.sleep(pause)
