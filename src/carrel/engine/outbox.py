"""Passes events from the computing thread to the requests' event loops."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from threading import Lock
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")


class Outbox:
    """Buffers items of several mailboxes and sends those of each loop with one wake-up.

    Waking a loop for every item would take the interpreter, and a core, from the computing thread
    just as often. Thread-safe; the order of a mailbox's items is kept.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._held: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Queue[Any], Any]]] = {}

    def mailbox(self) -> Mailbox[Any]:
        """Return a mailbox for the running event loop."""
        return Mailbox(self, asyncio.get_running_loop())

    def hold(self, loop: asyncio.AbstractEventLoop, queue: asyncio.Queue[Item], item: Item) -> None:
        """Buffer an item until ``flush``."""
        with self._lock:
            self._held.setdefault(loop, []).append((queue, item))

    def flush(self) -> None:
        """Send the buffered items."""
        with self._lock:
            held, self._held = self._held, {}
            for loop, items in held.items():
                with suppress(RuntimeError):  # the loop was closed: there is no reader
                    loop.call_soon_threadsafe(_deliver, items)


class Mailbox(Generic[Item]):
    """Thread-safe event queue of one request, read in its event loop."""

    def __init__(self, outbox: Outbox, loop: asyncio.AbstractEventLoop) -> None:
        self._outbox = outbox
        self._loop = loop
        self._queue: asyncio.Queue[Item] = asyncio.Queue()

    def hold(self, item: Item) -> None:
        """Add an item that may wait until the outbox is flushed."""
        self._outbox.hold(self._loop, self._queue, item)

    def send(self, item: Item) -> None:
        """Add an item now, behind the buffered ones."""
        self.hold(item)
        self._outbox.flush()

    async def receive(self) -> Item:
        """Wait for the next item and remove it."""
        return await self._queue.get()


def _deliver(items: Sequence[tuple[asyncio.Queue[Any], Any]]) -> None:
    for queue, item in items:
        queue.put_nowait(item)
