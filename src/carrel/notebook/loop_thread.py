"""An event loop in its own thread, usable where another loop is running."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import aclosing, contextmanager, suppress
from queue import SimpleQueue
from threading import Thread, current_thread
from typing import Any, Generic, TypeVar

from carrel.core.errors import GenerationFailed

Result = TypeVar("Result")


class LoopThread:
    """Runs coroutines for blocking callers.

    Jupyter runs cells inside an event loop, which makes ``asyncio.run`` fail. If the caller is
    interrupted (Ctrl-C), the coroutine it waits for is cancelled.

    Raises (``run`` and ``iterate``):
        GenerationFailed: the loop ended before the coroutine.
    """

    def __init__(self) -> None:
        started: Future[asyncio.AbstractEventLoop] = Future()
        self._thread = Thread(
            target=lambda: asyncio.run(self._live(started)), name="carrel.load", daemon=True
        )
        self._thread.start()
        self._loop = started.result()

    def run(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        """Run the coroutine and return its result."""
        work = _Work(coroutine)
        with self._abandoning(work):
            return asyncio.run_coroutine_threadsafe(work.done(), self._loop).result()

    def iterate(self, items: AsyncGenerator[Result]) -> Iterator[Result]:
        """Yield from the generator; leaving the iteration closes it."""
        arrived: SimpleQueue[tuple[Result, ...]] = SimpleQueue()

        async def pump() -> None:
            async with aclosing(items):
                async for item in items:
                    arrived.put((item,))

        work = _Work(pump())
        with self._abandoning(work):
            future = asyncio.run_coroutine_threadsafe(work.done(), self._loop)
            future.add_done_callback(lambda _: arrived.put(()))
            while item := arrived.get():
                yield item[0]
            future.result()

    def stop_after(self, last: Coroutine[Any, Any, None]) -> None:
        """Run a last coroutine, cancel what else runs, and end; returns at once."""

        async def end() -> None:
            try:
                await last
            finally:
                self._ended.set()

        asyncio.run_coroutine_threadsafe(end(), self._loop)

    def join(self) -> None:
        """Wait for the end, unless called from the loop itself."""
        if current_thread() is not self._thread:
            self._thread.join()

    @contextmanager
    def _abandoning(self, work: _Work[Any]) -> Iterator[None]:
        """Cancel the work, unless it is done by then, when the caller is interrupted."""
        try:
            yield
        except CancelledError:
            raise GenerationFailed("The model was closed while it answered.") from None
        finally:
            with suppress(RuntimeError):  # the loop has ended, and the work with it
                self._loop.call_soon_threadsafe(work.abandon)

    async def _live(self, started: Future[asyncio.AbstractEventLoop]) -> None:
        self._ended = asyncio.Event()
        started.set_result(asyncio.get_running_loop())
        await self._ended.wait()


class _Work(Generic[Result]):
    """A coroutine that can be cancelled before it starts.

    An interrupt may come before ``run_coroutine_threadsafe`` has returned the future to cancel.
    Both methods run in the loop.
    """

    def __init__(self, coroutine: Coroutine[Any, Any, Result]) -> None:
        self._coroutine = coroutine
        self._task: asyncio.Task[Any] | None = None
        self._abandoned = False

    async def done(self) -> Result:
        """Run the coroutine and return its result."""
        if self._abandoned:
            self._coroutine.close()
            raise asyncio.CancelledError
        self._task = asyncio.current_task()
        return await self._coroutine

    def abandon(self) -> None:
        """Cancel the coroutine; one that is done stays as it is."""
        self._abandoned = True
        if self._task is not None:
            self._task.cancel()
