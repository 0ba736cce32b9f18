"""Ingests files batch by batch, interleaved with other files, with progress."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncGenerator, Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, aclosing, nullcontext
from functools import partial
from typing import TypeVar

from carrel.core.access import Principal, may_write
from carrel.core.documents import (
    Chunk,
    Collection,
    IncomingFile,
    IngestionEvent,
)
from carrel.core.errors import AccessDenied
from carrel.core.protocols.reading import ReaderRegistry
from carrel.services.collections import CollectionService
from carrel.services.ingestion.batch_reading import Waiting
from carrel.services.ingestion.cancellation import CancellationToken
from carrel.services.ingestion.file_change import size_of
from carrel.services.ingestion.file_ingestion import FileIngestion
from carrel.services.ingestion.file_turns import FileTurns, smallest_first
from carrel.services.ingestion.progress import BatchProgress
from carrel.services.merging import merged

Result = TypeVar("Result")

MOST_SECOND_LANES = 3
"""Jobs that may have two files in progress: each leaves one of ``MOST_FILES`` to others."""


class IngestionService:
    """Adds files to collections. Concurrent jobs take turns.

    They do so file by file (``FileTurns``) and, if several files are in progress, by batches of
    chunks: one thread stores, and takes the file whose next batch is ready.
    """

    def __init__(
        self, collections: CollectionService, ingestion: FileIngestion, readers: ReaderRegistry
    ) -> None:
        self._collections = collections
        self._ingestion = ingestion
        self._readers = readers
        self._turns = FileTurns()
        self._second_lanes = asyncio.Semaphore(MOST_SECOND_LANES)
        self._suspended = False
        # Always the same thread: each thread's heap keeps the memory of the largest file that was
        # read in it, and a pool of threads would multiply that.
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="ingestion")

    def suspend(self) -> None:
        """From now on keep the stored part of a cancelled file, to be resumed."""
        self._suspended = True

    def close(self) -> None:
        """Wait for the current file and end the thread. Closing twice does nothing."""
        self._worker.shutdown()
        self._ingestion.close()

    def supports(self, name: str) -> bool:
        """Whether a file of this name can be read."""
        return self._readers.supports(name)

    def suffixes(self) -> Sequence[str]:
        """The suffixes that can be read, each with its dot."""
        return self._readers.suffixes()

    async def target(self, collection: str, principal: Principal) -> Collection:
        """Return a collection after checking that files may be added.

        Raises:
            CollectionNotFound: no such collection.
            AccessDenied: the account may not write to it.
        """
        target = await self._collections.get(collection, principal)
        if not may_write(principal, target):
            raise AccessDenied(f"You may not add documents to '{collection}'.")
        return target

    async def ingest(
        self, files: Sequence[IncomingFile], collection: str, principal: Principal
    ) -> AsyncGenerator[IngestionEvent]:
        """Yield progress and, as each file ends, its outcome.

        A file that cannot be read ends as failed and the next one follows. Closing the generator,
        or cancelling the task that reads it, stops within a second and leaves nothing of the
        current file.

        Raises:
            CollectionNotFound: no such collection.
            AccessDenied: the account may not write to it.
        """
        target = await self.target(collection, principal)
        async with aclosing(self.ingest_into(target, files)) as events:
            async for event in events:
                yield event

    async def ingest_into(
        self, target: Collection, files: Sequence[IncomingFile]
    ) -> AsyncGenerator[IngestionEvent]:
        """Ingest into a collection that was checked before; the smallest files first.

        The outcomes come in the order in which files end. If a file takes long, a second one of the
        batch is read beside it.
        """
        sizes = await asyncio.to_thread(lambda: [size_of(each) for each in files])
        running = BatchProgress(len(files), sum(sizes))
        yield running.progress()
        waiting = iter(smallest_first(files, sizes))
        permits: list[AbstractAsyncContextManager[None]] = [nullcontext(), self._second_lanes]
        lanes = [
            self._lane(waiting, target, running, permit) for permit in permits[: len(files) or 1]
        ]
        async with aclosing(merged(lanes)) as events:
            async for numbered in events:
                yield numbered.event
        yield running.progress()

    async def _lane(
        self,
        waiting: Iterator[IncomingFile],
        target: Collection,
        running: BatchProgress,
        permit: AbstractAsyncContextManager[None],
    ) -> AsyncGenerator[IngestionEvent]:
        """Ingest one waiting file after the other."""
        while True:
            async with permit:
                file = next(waiting, None)
                if file is None:
                    return
                async with self._turns.turn((target.id, file.name)):
                    if not running.files_done and not running.current:
                        running.start_clock()
                    async with aclosing(self._events(file, target, running)) as events:
                        async for event in events:
                            yield event

    async def _events(
        self, file: IncomingFile, target: Collection, running: BatchProgress
    ) -> AsyncGenerator[IngestionEvent]:
        """Yield the events of one file, up to its outcome."""
        stop = CancellationToken()
        steps = self._ingestion.steps(file, target, running, stop)
        ended = False
        try:
            while not ended:
                events = await self._in_worker(stop, _advance, steps)
                for event in events:
                    if not isinstance(event, Waiting):
                        yield event
                    elif event.batch is not None:
                        await _end_of(event.batch)
                ended = not events or not isinstance(events[-1], Waiting)
        finally:
            stop.keep = self._suspended
            if not ended:
                stop.ask()
                self._ingestion.interrupt()
                await self._in_worker(stop, steps.close)

    async def _in_worker(
        self, stop: CancellationToken, function: Callable[..., Result], *arguments: object
    ) -> Result:
        """Run a function in the worker thread, with the caller's context.

        A task that is cancelled, however often, requests a stop and waits for its end: a generator
        cannot be closed while it runs, and nobody should see a store that is being cleaned up.
        """
        context = contextvars.copy_context()
        work = asyncio.get_running_loop().run_in_executor(
            self._worker, partial(context.run, function, *arguments)
        )
        cancelled: asyncio.CancelledError | None = None
        while not work.done():
            try:
                await asyncio.wait([work])
            except asyncio.CancelledError as error:
                cancelled = error
                stop.keep = self._suspended
                stop.ask()
                self._ingestion.interrupt()
        if cancelled is not None:
            # Its error only says that it stopped.
            work.exception()
            raise cancelled
        return work.result()


def _advance(
    steps: Generator[IngestionEvent | Waiting],
) -> list[IngestionEvent | Waiting]:
    """Return the events up to the next turn of others, or to the end.

    This is one turn: a short file should not wait for the batches of others at each step.
    """
    events: list[IngestionEvent | Waiting] = []
    for event in steps:
        events.append(event)
        if isinstance(event, Waiting):
            break
    return events


async def _end_of(batch: Future[list[Chunk]]) -> None:
    """Return when a batch is ready, or reading it failed."""
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    batch.add_done_callback(lambda _: loop.call_soon_threadsafe(ended.set))
    await ended.wait()
