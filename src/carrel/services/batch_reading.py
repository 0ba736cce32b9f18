"""The chunks of a file, read batch by batch in a thread beside the one that stores them."""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass

from carrel.core.documents import Chunk
from carrel.services.file_limits import FileWork


@dataclass(frozen=True, slots=True)
class Waiting:
    """A batch is being read: until it is there others may have the storing thread."""

    batch: Future[list[Chunk]]


class BatchReading:
    """Reads one batch at a time. A reader may take minutes for one, and only these threads wait."""

    def __init__(
        self,
        threads: Executor,
        batches: Iterator[list[Chunk]],
        work: FileWork,
        close: Callable[[], None],
        interrupt: Callable[[], None],
    ) -> None:
        """Take the batches; ``interrupt`` makes the one in work end soon, where that can be done.

        ``close`` is called at last, when no batch is being read.
        """
        self._threads = threads
        self._batches = batches
        self._work = work
        self._close = close
        self._interrupt = interrupt
        self._current: Future[list[Chunk]] | None = None

    def begin(self) -> Future[list[Chunk]]:
        """Begin to read the next batch, which is empty at the end; it raises what reading does."""
        context = contextvars.copy_context()
        self._current = self._threads.submit(context.run, self._next)
        return self._current

    def close(self) -> None:
        """Stop reading, and return when it has stopped."""
        if self._current is not None and not self._current.done():
            self._interrupt()
            self._current.exception()
        self._close()

    def _next(self) -> list[Chunk]:
        with self._work.clocked():
            return next(self._batches, [])
