"""Schedules files: one after the other, or several if one takes long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager

from carrel.core.documents import IncomingFile

MOST_FILES = 8
"""Concurrent files. Each has a reading process of up to ``max_reading_memory``."""

ALONE_SECONDS = 5.0
"""Seconds after which another file is started beside a running one."""

QUICK_BYTES = 50_000
"""Size below which files take too little time to be worth another order."""


class FileTurns:
    """Admits files in order of arrival.

    A file runs alone for ``seconds``, so that quick ones run one after the other and take no more
    memory than one. After that the next file is started beside it. Two files of one key never run
    together.
    """

    def __init__(self, most: int = MOST_FILES, seconds: float = ALONE_SECONDS) -> None:
        self._seconds = seconds
        self._places = asyncio.Semaphore(most)
        self._front = asyncio.Lock()
        self._keys: dict[tuple[str, str], asyncio.Event] = {}

    @asynccontextmanager
    async def turn(self, key: tuple[str, str]) -> AsyncIterator[None]:
        """Wait for a file's turn, which lasts as long as the block."""
        async with self._only(key), self._places:
            await self._front.acquire()
            with ExitStack() as front:
                front.callback(self._front.release)
                timer = asyncio.get_running_loop().call_later(self._seconds, front.close)
                front.callback(timer.cancel)
                yield

    @asynccontextmanager
    async def _only(self, key: tuple[str, str]) -> AsyncIterator[None]:
        while (ended := self._keys.get(key)) is not None:
            await ended.wait()
        self._keys[key] = ended = asyncio.Event()
        try:
            yield
        finally:
            del self._keys[key]
            ended.set()


def smallest_first(files: Sequence[IncomingFile], sizes: Sequence[int]) -> list[IncomingFile]:
    """Return files in the order of their sizes; quick ones, and those of one name, keep theirs."""
    first: dict[str, int] = {}
    for file, size in zip(files, sizes, strict=True):
        first.setdefault(file.name, max(size, QUICK_BYTES))
    return sorted(files, key=lambda file: first[file.name])
