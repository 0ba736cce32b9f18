"""Base of the engines whose model is in this process: prompts, events of answers, adapters."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from carrel.core.chat import (
    EngineEvent,
    Finished,
    Message,
    ModelInfo,
    SamplingParams,
    StageChanged,
    TextDelta,
)
from carrel.core.errors import GenerationFailed
from carrel.engine.outbox import Mailbox, Outbox
from carrel.engine.spec import LoadedModel
from carrel.engine.text.answer import Answer
from carrel.engine.text.input_processor import InputProcessor, Prepared
from carrel.engine.text.tool_calls import with_tool_calls
from carrel.engine.waiting import finished


@dataclass(frozen=True, slots=True)
class Ended:
    """The end of an answer, with the error that ended it early."""

    error: Exception | None


Item = TextDelta | StageChanged | Ended


@dataclass(frozen=True, slots=True)
class LocalRequest:
    """One prepared request: its events go to ``mailbox``, the last of which is ``Ended``.

    ``name`` is that of the model that answers: the adapter's, or the base's.
    """

    prepared: Prepared
    answer: Answer
    mailbox: Mailbox[Item]
    name: str
    adapter: str | None
    caller: str


class LocalEngine(ABC):
    """One loaded model. Usable from several event loops.

    A subclass computes: it submits requests to its thread, and sends their ends.
    """

    buffers_text: ClassVar[bool]
    """Whether text waits in the outbox until the subclass flushes it."""

    def __init__(self, loaded: LoadedModel, kind: str, context_length: int) -> None:
        self._prompts = InputProcessor(loaded)
        self._adapters: Any = loaded.adapters
        self._adapter = loaded.adapter
        self._outbox = Outbox()
        self._info = ModelInfo(
            name=loaded.name,
            engine=kind,
            context_length=context_length,
            precision=loaded.precision,
            device=loaded.device,
            parameters=loaded.parameters,
            memory=loaded.memory,
            suggested=loaded.suggested,
        )

    @property
    def info(self) -> ModelInfo:
        """The model's name, context length and placement."""
        return self._info

    async def count_tokens(self, messages: Sequence[Message]) -> int:
        """Return the length of the messages' prompt in tokens."""
        return await self._prompts.count_tokens(messages)

    def generate(
        self, messages: Sequence[Message], sampling: SamplingParams, caller: str = ""
    ) -> AsyncGenerator[EngineEvent]:
        """Yield text deltas and, last, one ``Finished``; see ``Engine.generate``."""
        return self.generate_with(self._adapter, messages, sampling, caller)

    def generate_with(
        self,
        adapter: str | None,
        messages: Sequence[Message],
        sampling: SamplingParams,
        caller: str = "",
    ) -> AsyncGenerator[EngineEvent]:
        """Generate with an adapter, or with the bare base; see ``AdapterHost.generate_with``."""
        events = self._written(adapter, messages, sampling, caller)
        return with_tool_calls(events, sampling.tools)

    async def _written(
        self,
        adapter: str | None,
        messages: Sequence[Message],
        sampling: SamplingParams,
        caller: str,
    ) -> AsyncGenerator[EngineEvent]:
        info = replace(self._info, name=adapter or self._info.name)
        mailbox: Mailbox[Item] = self._outbox.mailbox()
        show = mailbox.hold if self.buffers_text else mailbox.send
        prepared, answer = await self._prompts.begin(messages, sampling, info, show)
        request = LocalRequest(prepared, answer, mailbox, info.name, adapter, caller)
        give_up = self._submit(request)
        try:
            while not isinstance(item := await mailbox.receive(), Ended):
                yield item
            if item.error is not None:
                raise item.error
            if answer.reason is None:
                raise GenerationFailed(f"Model {info.name} was unloaded while it answered.")
            usage = answer.usage(len(prepared.tokens))
            self._took(usage.seconds)
            yield Finished(answer.reason, usage, info.name)
        finally:
            give_up()

    @abstractmethod
    def _submit(self, request: LocalRequest) -> Callable[[], None]:
        """Queue a request and return the function that ends it early, if it has not ended.

        Raises:
            QueueFull: too many wait already.
            GenerationFailed: the engine was closed or has failed.
        """

    def _took(self, seconds: float) -> None:  # noqa: B027  not every engine needs it
        """Learn how long an answer took."""

    async def _done(self, work: Future[None]) -> None:
        """Wait for work on the model between two answers or passes."""
        unloaded = GenerationFailed(f"Model {self._info.name} was unloaded.")
        await finished(work, unloaded)
