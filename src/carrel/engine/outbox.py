"""From the thread that computes to the event loops whose requests it answers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from threading import Lock
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")


class Outbox:
    """Holds items for several mailboxes until they are sent, all of a loop with one wake-up.

    A loop that is woken for every item takes the interpreter, and a core, from the computing thread
    just as often. Safe for several threads; the order of a mailbox's items is kept.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._held: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Queue[Any], Any]]] = {}

    def mailbox(self) -> Mailbox[Any]:
        """Return a mailbox that is read in the running event loop."""
        return Mailbox(self, asyncio.get_running_loop())

    def hold(self, loop: asyncio.AbstractEventLoop, queue: asyncio.Queue[Item], item: Item) -> None:
        """Keep an item until ``flush``."""
        with self._lock:
            self._held.setdefault(loop, []).append((queue, item))

    def flush(self) -> None:
        """Send what is held."""
        with self._lock:
            held, self._held = self._held, {}
            for loop, items in held.items():
                with suppress(RuntimeError):  # the loop was closed: nobody is left who reads
                    loop.call_soon_threadsafe(_deliver, items)


class Mailbox(Generic[Item]):
    """What one request is told, put in by any thread and taken out in its event loop."""

    def __init__(self, outbox: Outbox, loop: asyncio.AbstractEventLoop) -> None:
        self._outbox = outbox
        self._loop = loop
        self._queue: asyncio.Queue[Item] = asyncio.Queue()

    def hold(self, item: Item) -> None:
        """Put an item in that may wait until the outbox is flushed."""
        self._outbox.hold(self._loop, self._queue, item)

    def send(self, item: Item) -> None:
        """Put an item in now, behind those that are held."""
        self.hold(item)
        self._outbox.flush()

    async def receive(self) -> Item:
        """Wait for the next item and take it out."""
        return await self._queue.get()


def _deliver(items: Sequence[tuple[asyncio.Queue[Any], Any]]) -> None:
    for queue, item in items:
        queue.put_nowait(item)
