"""A stream that another handler can stop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from carrel.core.errors import GenerationFailed
from carrel.ui.state.running import Running


class Source:
    """Yields numbers, and remembers how it ended and in which tasks it ran."""

    def __init__(self, last: int | None = None, failure: Exception | None = None) -> None:
        self.last = last
        self.failure = failure
        self.yielded = 0
        self.closed = asyncio.Event()
        self.tasks: set[asyncio.Task[object] | None] = set()

    async def numbers(self) -> AsyncGenerator[int]:
        """Yield 1, 2, 3, ... up to ``last``, then raise ``failure``."""
        try:
            while self.last is None or self.yielded < self.last:
                await asyncio.sleep(0)
                self.tasks.add(asyncio.current_task())
                self.yielded += 1
                yield self.yielded
            if self.failure is not None:
                raise self.failure
        finally:
            self.tasks.add(asyncio.current_task())
            self.closed.set()


async def test_every_event_arrives_once_and_in_order() -> None:
    source = Source(last=100)
    batches = [batch async for batch in Running(source.numbers()).batches(0.001)]
    assert [number for batch in batches for number in batch] == list(range(1, 101))
    assert all(batches)
    assert source.closed.is_set()


async def test_updates_are_fewer_than_events() -> None:
    batches = [batch async for batch in Running(Source(last=1000).numbers()).batches(0.01)]
    assert len(batches) < 1000


async def test_stop_closes_the_source_and_delivers_what_came() -> None:
    source = Source()
    running = Running(source.numbers())
    seen: list[int] = []
    async for batch in running.batches(0):
        seen.extend(batch)
        if len(seen) >= 5:
            running.stop()
    assert running.stopped
    assert source.closed.is_set()
    assert seen == list(range(1, len(seen) + 1))


async def test_stop_ends_a_source_that_yields_nothing() -> None:
    began = asyncio.Event()
    closed = asyncio.Event()

    async def silent() -> AsyncGenerator[int]:
        try:
            began.set()
            await asyncio.Event().wait()
            yield 1
        finally:
            closed.set()

    running = Running(silent())

    async def stop() -> None:
        await began.wait()
        running.stop()

    stopping = asyncio.create_task(stop())
    assert [batch async for batch in running.batches(0)] == []
    await stopping
    assert closed.is_set()


async def test_stopped_before_it_began_it_yields_nothing() -> None:
    source = Source()
    running = Running(source.numbers())
    running.stop()
    assert [batch async for batch in running.batches(0)] == []
    assert source.yielded == 0


async def test_leaving_closes_the_source() -> None:
    source = Source()
    batches = Running(source.numbers()).batches(0)
    await anext(batches)
    await batches.aclose()
    assert source.closed.is_set()


async def test_a_failure_comes_after_what_was_yielded_before_it() -> None:
    source = Source(last=3, failure=GenerationFailed("The model stopped working."))
    seen: list[int] = []
    with pytest.raises(GenerationFailed, match="stopped working"):
        async for batch in Running(source.numbers()).batches(0):
            seen.extend(batch)
    assert seen == [1, 2, 3]


async def test_all_steps_happen_in_one_task_other_than_the_readers() -> None:
    source = Source(last=20)
    async for _ in Running(source.numbers()).batches(0):
        pass
    assert len(source.tasks) == 1
    assert asyncio.current_task() not in source.tasks
