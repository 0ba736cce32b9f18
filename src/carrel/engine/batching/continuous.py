"""Continuous batching engine: each step computes one token of every answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from carrel.core.chat import (
    EngineEvent,
    Finished,
    Message,
    ModelInfo,
    SamplingParams,
    Stage,
    StageChanged,
    TextDelta,
)
from carrel.core.errors import GenerationFailed, ModelLoadFailed
from carrel.core.protocols.adapters import Engine
from carrel.engine.adapters.adapted import AdaptedEngine
from carrel.engine.batching.batch import Batch
from carrel.engine.batching.batch_model import BatchModel
from carrel.engine.batching.batch_worker import BatchWorker
from carrel.engine.batching.batcher import Batcher, BatchLimits
from carrel.engine.batching.self_check import check_adapter, probe
from carrel.engine.batching.sequence_state import SequenceState
from carrel.engine.outbox import Mailbox, Outbox
from carrel.engine.spec import LoadedModel
from carrel.engine.text.input_processor import InputProcessor
from carrel.engine.text.tool_calls import with_tool_calls
from carrel.engine.waiting import finished


@dataclass(frozen=True, slots=True)
class _Ended:
    """The end of an answer, with the error that ended it early."""

    error: Exception | None


class ContinuousEngine:
    """One model with continuous batching. Usable from several event loops.

    At most ``limits.rows`` requests run at once; up to ``waiting`` more are queued. A request with
    a seed is computed separately: its text depends on nothing else. ``SamplingParams.max_time``
    starts when the model starts on the request.
    """

    def __init__(
        self, loaded: LoadedModel, model: BatchModel, limits: BatchLimits, waiting: int
    ) -> None:
        self._prompts = InputProcessor(loaded)
        self._adapters: Any = loaded.adapters
        self._adapter = loaded.adapter
        self._info = ModelInfo(
            name=loaded.name,
            engine="continuous",
            context_length=min(loaded.context_length, limits.lane_tokens),
            precision=loaded.precision,
            device=loaded.device,
            parameters=loaded.parameters,
            memory=loaded.memory,
            suggested=loaded.suggested,
        )
        self._model = model
        self._limits = limits
        self._outbox = Outbox()
        self._worker = BatchWorker(loaded.name, self._new_batch, limits.rows, waiting)

    @property
    def info(self) -> ModelInfo:
        """The model's name, context length and placement."""
        return self._info

    @property
    def passes(self) -> int:
        """The number of forward passes so far."""
        return self._model.passes

    def batch_rows(self) -> list[SequenceState]:
        """The running requests."""
        return self._worker.rows()

    def waiting(self) -> int:
        """The number of waiting requests."""
        return self._worker.waiting()

    def allocated_tokens(self) -> int:
        """Tokens whose keys and values fit now, cached prefixes included."""
        return self._worker.allocated_tokens()

    def kept_tokens(self) -> int:
        """Tokens that are cached as prefixes."""
        return self._worker.kept_tokens()

    def failure(self) -> str | None:
        """Why the model can no longer answer; see ``Engine.failure``."""
        return self._worker.failure()

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
        mailbox: Mailbox[TextDelta | StageChanged | _Ended] = self._outbox.mailbox()
        prepared, answer = await self._prompts.begin(messages, sampling, info, mailbox.hold)
        row = SequenceState(
            prepared,
            answer,
            self._prompts.processors(prepared, self._model.device),
            ended=lambda error: mailbox.send(_Ended(error)),
            moved=lambda position: mailbox.send(StageChanged(Stage.WAITING, position)),
            adapter=adapter,
            caller=caller,
        )
        self._worker.submit(row)
        try:
            while not isinstance(item := await mailbox.receive(), _Ended):
                yield item
            if item.error is not None:
                raise item.error
            assert answer.reason is not None, "a row that ends without an error has a reason"
            usage = answer.usage(len(prepared.tokens))
            self._worker.took(usage.seconds)
            yield Finished(answer.reason, usage, info.name)
        finally:
            self._worker.give_up(row)

    async def add_adapter(self, name: str, folder: Path) -> Engine:
        """Load an adapter between two passes; see ``AdapterHost.add_adapter``."""

        def add(_: Batch) -> None:
            self._adapters.add(name, folder)
            problem = check_adapter(self._model, name)
            if problem is not None:
                self._adapters.remove(name)
                raise ModelLoadFailed(
                    f"The adapter {folder.name} cannot be computed beside {self._info.name}: "
                    f"{problem}. Merge it into its base and load the result, or serve with "
                    "--engine=sequential."
                )

        await self._between_passes(add)
        return AdaptedEngine(self, name)

    async def remove_adapter(self, name: str) -> None:
        """End the adapter's answers and remove it; see ``AdapterHost.remove_adapter``."""
        unloaded = GenerationFailed(f"Model {name} was unloaded while it answered.")
        self._worker.refuse_waiting(name, unloaded)

        def drop(batch: Batch) -> None:
            batch.drop_adapter(name, unloaded)
            self._adapters.remove(name)

        with suppress(GenerationFailed):  # closed: the adapter went with the base
            await self._between_passes(drop)

    async def close(self) -> None:
        """Stop running requests and free the memory. Closing twice does nothing."""
        await asyncio.to_thread(self._worker.close)
        await asyncio.to_thread(self._prompts.close)
        self._model.close()
        self._adapters = None

    async def _between_passes(self, work: Callable[[Batch], None]) -> None:
        unloaded = GenerationFailed(f"Model {self._info.name} was unloaded.")
        await finished(self._worker.between_passes(work), unloaded)

    def _new_batch(self) -> Batch:
        probe(self._model)
        return Batcher(self._model, self._limits, self._outbox.flush)
