"""Runs an event stream in its own task, so that another handler can stop it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Generic, TypeVar

Event = TypeVar("Event")


class Running(Generic[Event]):
    """Reads ``events`` to the end, or until ``stop`` is called.

    All steps of the generator run in one task: context managers are closed where they were opened.
    ``delivered`` is set by the reader after its last update has been sent.
    """

    def __init__(self, events: AsyncGenerator[Event]) -> None:
        self._events = events
        self._arrived: asyncio.Queue[Event | None] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self.stopped = False
        self.delivered = asyncio.Event()

    def stop(self) -> None:
        """Close the generator; events that it yielded before are still delivered."""
        self.stopped = True
        if self._task is not None:
            self._task.cancel()

    async def batches(self, interval: float) -> AsyncGenerator[list[Event]]:
        """Yield the events, at most once every ``interval`` seconds, never an empty list.

        Closing this generator stops the inner one, whose errors are raised here.
        """
        if self.stopped:
            await self._events.aclose()
            return
        self._task = task = asyncio.create_task(self._pump())
        try:
            ended = False
            while not ended:
                batch = [await self._arrived.get()]
                while not self._arrived.empty():
                    batch.append(self._arrived.get_nowait())
                ended = batch[-1] is None
                if events := [event for event in batch if event is not None]:
                    yield events
                if not ended:
                    await asyncio.sleep(interval)
        finally:
            task.cancel()
            await asyncio.wait([task])
        if not task.cancelled():
            task.result()

    async def _pump(self) -> None:
        try:
            async with aclosing(self._events) as events:
                async for event in events:
                    self._arrived.put_nowait(event)
        finally:
            self._arrived.put_nowait(None)
