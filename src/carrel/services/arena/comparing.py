"""Merges several answers into one stream of numbered events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from carrel.core.chat import ChatEvent

MOST_ANSWERS = 4


@dataclass(frozen=True, slots=True)
class AnswerEnded:
    """The last event of an answer: it is complete, was stopped, or failed with ``error``."""

    stopped: bool = False
    error: Exception | None = None


ComparedEvent = ChatEvent | AnswerEnded


class Comparison:
    """Reads several streams of answers; a failed or stopped one does not affect the others."""

    def __init__(self, answers: Sequence[AsyncGenerator[ChatEvent]]) -> None:
        self._answers = list(answers)
        self._arrived: asyncio.Queue[tuple[int, ComparedEvent]] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self._stopped: set[int] = set()

    def stop(self, index: int) -> None:
        """Stop one answer, counted from 0; one that has ended or does not exist is ignored."""
        self._stopped.add(index)
        if 0 <= index < len(self._tasks):
            self._tasks[index].cancel()

    def stop_all(self) -> None:
        """Stop all running answers."""
        for index in range(len(self._answers)):
            self.stop(index)

    async def events(self) -> AsyncGenerator[tuple[int, ComparedEvent]]:
        """Yield events as they come, until each answer had its ``AnswerEnded``.

        Closing this generator stops all answers.
        """
        self._tasks = [
            asyncio.create_task(self._read(index, answer))
            for index, answer in enumerate(self._answers)
        ]
        for index in self._stopped:
            self.stop(index)
        try:
            for task in self._tasks:
                task.add_done_callback(self._ended)
            left = len(self._tasks)
            while left:
                index, event = await self._arrived.get()
                left -= isinstance(event, AnswerEnded)
                yield index, event
        finally:
            for task in self._tasks:
                task.cancel()
            if self._tasks:
                await asyncio.wait(self._tasks)

    async def _read(self, index: int, answer: AsyncGenerator[ChatEvent]) -> None:
        async with aclosing(answer) as events:
            async for event in events:
                self._arrived.put_nowait((index, event))

    def _ended(self, task: asyncio.Task[None]) -> None:
        # A task that is cancelled before its first step never runs, so it cannot report that
        # itself.
        error = None if task.cancelled() else task.exception()
        failure = error if isinstance(error, Exception) else None
        ended = AnswerEnded(task.cancelled(), failure)
        self._arrived.put_nowait((self._tasks.index(task), ended))
