"""Reads the chunks of a file in batches, in a thread beside the one that stores them."""

from __future__ import annotations

import contextvars
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass

from carrel.core.documents import Chunk
from carrel.services.ingestion.file_limits import FileWork

FIRST_SECONDS = 5.0
FIRST_CHUNKS = 5_000
"""Chunks to read before the first batch is passed on: small files that are damaged or disguised
fail within seconds, and not after minutes of embedding."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Releases the storing thread: until ``batch`` is read, or for one turn if it is None."""

    batch: Future[list[Chunk]] | None = None


class BatchReading:
    """Reads one batch at a time. A reader may take minutes, which only these threads wait for."""

    def __init__(
        self,
        threads: Executor,
        batches: Iterator[list[Chunk]],
        work: FileWork,
        close: Callable[[], None],
    ) -> None:
        """Take the batches; ``close`` is called last, when none is being read."""
        self._threads = threads
        self._batches = batches
        self._work = work
        self._close = close
        self._current: Future[list[Chunk]] | None = None
        self._first: deque[list[Chunk]] | None = None

    def begin(self) -> Future[list[Chunk]]:
        """Start reading the next batch, which is empty at the end."""
        context = contextvars.copy_context()
        self._current = self._threads.submit(context.run, self._next)
        return self._current

    def close(self) -> None:
        """End the reading. Interrupt it first, or this waits for the current batch."""
        if self._current is not None:
            self._current.exception()
        self._close()

    def _next(self) -> list[Chunk]:
        with self._work.clocked():
            if self._first is None:
                self._first = self._read_first()
            return self._first.popleft() if self._first else next(self._batches, [])

    def _read_first(self) -> deque[list[Chunk]]:
        found: deque[list[Chunk]] = deque()
        chunks, end = 0, 0.0
        for batch in self._batches:
            found.append(batch)
            chunks += len(batch)
            # The first takes longer: a process is started for it, and a tokenizer loaded.
            end = end or time.monotonic() + FIRST_SECONDS
            if chunks >= FIRST_CHUNKS or time.monotonic() > end:
                break
        return found
