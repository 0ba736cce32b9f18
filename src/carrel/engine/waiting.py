"""Awaits work of another thread."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from typing import TypeVar

from carrel.core.errors import CarrelError

Result = TypeVar("Result")


async def finished(work: Future[Result], never_done: CarrelError) -> Result:
    """Return the result. Cancelling ends the waiting only, not the work.

    Raises:
        CarrelError: what the work raised, or ``never_done`` if its executor was shut down.
    """
    try:
        return await asyncio.shield(asyncio.wrap_future(work))
    except asyncio.CancelledError:
        if work.cancelled():
            raise never_done from None
        raise
