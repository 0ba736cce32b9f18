"""The model object of ``carrel.load``."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from types import TracebackType
from typing import Any, Self

from carrel.core.chat import Message, ModelInfo, SamplingParams, TextDelta
from carrel.core.errors import GenerationFailed, QueueFull
from carrel.core.protocols.adapters import Engine
from carrel.engine.pool import ModelPool
from carrel.notebook.answer import Answer, whole
from carrel.notebook.loop_thread import LoopThread
from carrel.notebook.question import Question, messages_of, sampling_of

AT_ONCE = 256
"""Questions of a batch sent to the engine at once; the others follow as answers come back."""


class Model:
    """A loaded model; ``carrel.load`` makes one.

    ``sampling`` of each method are the fields of ``SamplingParams``: ``max_new_tokens``,
    ``temperature``, ``seed``, ``stop`` and so on. Interrupting a call (Ctrl-C, or the stop button
    of a notebook) stops the model. The memory is freed by ``close``, at the end of a ``with``
    block, or when the model is garbage-collected.

    Raises (every method that asks):
    InvalidRequest: a message or an option is invalid.
    PromptTooLong: prompt and answer do not fit the context.
    UnsupportedParameter: the engine does not support an option.
    GenerationFailed: the model failed or was closed.
    """

    def __init__(self, pool: ModelPool, defaults: SamplingParams, system_prompt: str) -> None:
        self._engine: Engine = pool.get(None)
        self._defaults = defaults
        self._system_prompt = system_prompt
        self._loop = LoopThread()
        # A reference to the pool and not to the model, which could otherwise never be collected.
        self._close = weakref.finalize(self, _shut, self._loop, pool)
        self._close.atexit = False

    @property
    def info(self) -> ModelInfo:
        """The model's name, engine, context length, precision and device."""
        return self._engine.info

    def __call__(self, question: Question, **sampling: Any) -> Answer:
        """Return the answer to a text, or to the last message of a conversation."""
        return self._loop.run(self._answer(*self._asked(question, sampling)))

    def stream(self, question: Question, **sampling: Any) -> Iterator[str]:
        """Yield the answer's text as it is generated; leaving the loop stops the model."""
        messages, params = self._asked(question, sampling)
        return self._loop.iterate(self._texts(messages, params))

    def batch(self, questions: Sequence[Question], **sampling: Any) -> list[Answer]:
        """Return the answers to several questions, in order; they run concurrently.

        The first one that fails stops the others.
        """
        return self._loop.run(self._answers([self._asked(each, sampling) for each in questions]))

    def close(self) -> None:
        """Stop what runs and free the memory. Closing twice does nothing."""
        self._close()
        self._loop.join()

    def __enter__(self) -> Self:
        """Return the model."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the model."""
        self.close()

    def _asked(
        self, question: Question, sampling: dict[str, Any]
    ) -> tuple[list[Message], SamplingParams]:
        if not self._close.alive:
            raise GenerationFailed(f"Model {self.info.name} was closed: load it again.")
        params = sampling_of(self._defaults, sampling)
        return messages_of(question, self._system_prompt), params

    async def _texts(
        self, messages: Sequence[Message], sampling: SamplingParams
    ) -> AsyncGenerator[str]:
        async with aclosing(self._engine.generate(messages, sampling)) as events:
            async for event in events:
                if isinstance(event, TextDelta) and event.text:
                    yield event.text

    async def _answer(self, messages: Sequence[Message], sampling: SamplingParams) -> Answer:
        async with aclosing(self._engine.generate(messages, sampling)) as events:
            return await whole(events)

    async def _answers(self, asked: Sequence[tuple[list[Message], SamplingParams]]) -> list[Answer]:
        places = asyncio.Semaphore(AT_ONCE)

        async def answer(messages: list[Message], sampling: SamplingParams) -> Answer:
            async with places:
                while True:
                    try:
                        return await self._answer(messages, sampling)
                    except QueueFull as full:
                        await asyncio.sleep(full.retry_after)

        try:
            async with asyncio.TaskGroup() as group:
                answering = [group.create_task(answer(*each)) for each in asked]
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        return [each.result() for each in answering]


def _shut(loop: LoopThread, pool: ModelPool) -> None:
    loop.stop_after(pool.close())
