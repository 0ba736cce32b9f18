"""Merges several streams."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Generic, TypeVar

Event = TypeVar("Event")

HELD_EVENTS = 64
"""Maximum buffered events of all streams together."""

AT_ONCE = 16
"""Concurrent streams; a further one starts when one of them ends."""


@dataclass(frozen=True, slots=True)
class _End:
    """A stream has ended, possibly with ``error``."""

    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Numbered(Generic[Event]):
    """An event of the stream with this number, from 0."""

    number: int
    event: Event


async def merged(streams: Sequence[AsyncGenerator[Event]]) -> AsyncGenerator[Numbered[Event]]:
    """Yield the events of the streams as they arrive.

    Closing the generator closes all streams, and so does the first error, which is raised. A single
    stream is passed through, without a task and a queue.
    """
    if len(streams) == 1:
        async with aclosing(streams[0]) as single:
            async for event in single:
                yield Numbered(0, event)
        return
    held: asyncio.Queue[Numbered[Event] | _End] = asyncio.Queue(HELD_EVENTS)
    places = asyncio.Semaphore(AT_ONCE)

    async def pump(number: int, stream: AsyncGenerator[Event]) -> None:
        try:
            async with places, aclosing(stream):
                async for event in stream:
                    await held.put(Numbered(number, event))
        except Exception as error:  # noqa: BLE001 - it is raised where the events are read
            await held.put(_End(error))
        else:
            await held.put(_End())

    pumps = [asyncio.create_task(pump(number, each)) for number, each in enumerate(streams)]
    try:
        running = len(pumps)
        while running:
            item = await held.get()
            if isinstance(item, Numbered):
                yield item
                continue
            if item.error is not None:
                raise item.error
            running -= 1
    finally:
        for each in pumps:
            each.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)
