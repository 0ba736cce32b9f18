"""Engine that answers many requests at once, each step one token for all of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
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
from carrel.core.errors import CarrelError, GenerationFailed
from carrel.engine.answer import Answer
from carrel.engine.batch_model import BatchModel
from carrel.engine.batch_worker import BatchWorker
from carrel.engine.batcher import Batcher, BatchLimits
from carrel.engine.prepared import Prepared, PromptSide, sender
from carrel.engine.requests import refuse_impossible, refuse_unsupported
from carrel.engine.row import Row
from carrel.engine.row_sampler import row_processors
from carrel.engine.self_check import probe
from carrel.engine.spec import LoadedModel


@dataclass(frozen=True, slots=True)
class _Ended:
    """The end of an answer, with what ended it too early."""

    error: Exception | None


class ContinuousEngine:
    """One model whose requests join and leave a running batch. For several event loops.

    At most ``limits.rows`` requests are computed at once; up to ``waiting`` more stand in line. A
    request with a seed is computed apart from the others: its text depends on nothing else.
    ``SamplingParams.max_time`` runs from the moment when the model starts on the request.
    """

    def __init__(self, loaded: LoadedModel, limits: BatchLimits, waiting: int) -> None:
        self._prompts = PromptSide(loaded)
        self._defaults = loaded.model.generation_config
        self._info = ModelInfo(
            name=loaded.name,
            engine="continuous",
            context_length=min(loaded.context_length, limits.lane_tokens),
            precision=loaded.precision,
            device=loaded.device,
        )
        self._model = self._computing(loaded)
        self._limits = limits
        self._worker = BatchWorker(loaded.name, self._new_batch, limits.rows, waiting)

    @property
    def info(self) -> ModelInfo:
        """The model's name, context length and placement."""
        return self._info

    @property
    def passes(self) -> int:
        """How many forward passes the model has made."""
        return int(self._model.passes)

    def failure(self) -> str | None:
        """Why the model cannot answer any more; see ``Engine.failure``."""
        return self._worker.failure()

    async def count_tokens(self, messages: Sequence[Message]) -> int:
        """Return the length in tokens of the prompt that the messages become."""
        return await self._prompts.count_tokens(messages)

    async def generate(
        self, messages: Sequence[Message], sampling: SamplingParams, caller: str = ""
    ) -> AsyncGenerator[EngineEvent]:
        """Yield text deltas and, last, one ``Finished``; see ``Engine.generate``."""
        accepted = time.perf_counter()
        refuse_impossible(messages, sampling)
        refuse_unsupported(sampling, self._info)
        prepared = await self._prompts.prepare(messages, sampling, self._info)
        arrived: asyncio.Queue[str | StageChanged | _Ended] = asyncio.Queue()
        send = sender(asyncio.get_running_loop(), arrived)
        answer = Answer(self._prompts.decode, prepared.limits, send, accepted)
        row = Row(
            tokens=list(prepared.tokens),
            answer=answer,
            processors=row_processors(
                sampling, len(prepared.tokens), self._defaults, self._model.device
            ),
            most_tokens=len(prepared.tokens) + prepared.limits.max_new_tokens,
            ended=lambda error: send(_Ended(error)),
            moved=lambda position: send(StageChanged(Stage.WAITING, position)),
            caller=caller,
            alone=sampling.seed is not None,
        )
        self._worker.submit(row)
        try:
            while not isinstance(item := await arrived.get(), _Ended):
                yield TextDelta(item) if isinstance(item, str) else item
            yield self._finished(item, answer, prepared)
        finally:
            self._worker.give_up(row)

    async def close(self) -> None:
        """Stop what runs and free the memory. Closing twice does nothing."""
        await asyncio.to_thread(self._worker.close)
        self._model.close()

    def _finished(self, ended: _Ended, answer: Answer, prepared: Prepared) -> Finished:
        if isinstance(ended.error, CarrelError):
            raise ended.error
        if ended.error is not None or answer.reason is None:
            raise GenerationFailed(f"Model {self._info.name} failed while it answered.")
        usage = answer.usage(len(prepared.tokens))
        self._worker.took(usage.seconds)
        return Finished(answer.reason, usage, self._info.name)

    def _computing(self, loaded: LoadedModel) -> Any:
        return BatchModel(loaded.model)

    def _new_batch(self) -> Any:
        probe(self._model)
        return Batcher(self._model, self._limits)
