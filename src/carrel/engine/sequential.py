"""Engine over transformers' ``generate``: one answer at a time, in order of arrival."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from typing import Any

import torch
from transformers import LogitsProcessorList, StoppingCriteriaList

from carrel.core.chat import EngineEvent, Finished, Message, ModelInfo, SamplingParams, TextDelta
from carrel.core.errors import GenerationFailed
from carrel.core.protocols.adapters import Engine
from carrel.core.runtime.own_thread import in_own_thread
from carrel.engine.adapters.adapted import AdaptedEngine
from carrel.engine.outbox import Mailbox, Outbox
from carrel.engine.source import first_line
from carrel.engine.spec import LoadedModel
from carrel.engine.text.answer import Answer
from carrel.engine.text.generating import AnswerCriteria, LogprobSource, RawScores
from carrel.engine.text.input_processor import InputProcessor, Prepared
from carrel.engine.text.sampling import generation_config
from carrel.engine.text.tool_calls import with_tool_calls
from carrel.engine.waiting import finished


@dataclass(frozen=True, slots=True)
class _Job:
    """One request in the worker thread."""

    prepared: Prepared
    answer: Answer
    given_up: Event
    adapter: str | None


class SequentialEngine:
    """One model, one worker thread. Usable from several event loops.

    An answer that exceeds the context is cut, with ``FinishReason.LENGTH``;
    ``SamplingParams.max_time`` starts when the model starts on the request, not while it waits.
    """

    def __init__(self, loaded: LoadedModel) -> None:
        self._model = loaded.model
        self._adapters: Any = loaded.adapters
        self._adapter = loaded.adapter
        self._prompts = InputProcessor(loaded)
        self._outbox = Outbox()
        self._info = ModelInfo(
            name=loaded.name,
            engine="sequential",
            context_length=loaded.context_length,
            precision=loaded.precision,
            device=loaded.device,
            parameters=loaded.parameters,
            memory=loaded.memory,
            suggested=loaded.suggested,
        )
        self._worker = ThreadPoolExecutor(1, thread_name_prefix=f"generate {loaded.name}")
        self._running: dict[Event, str | None] = {}

    @property
    def info(self) -> ModelInfo:
        """The model's name, context length and placement."""
        return self._info

    def failure(self) -> str | None:
        """Why the model can no longer answer; see ``Engine.failure``."""
        return None

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
        mailbox: Mailbox[TextDelta | Future[None]] = self._outbox.mailbox()
        prepared, answer = await self._prompts.begin(messages, sampling, info, mailbox.send)
        job = _Job(prepared, answer, Event(), adapter)
        done = self._submit(job)
        done.add_done_callback(mailbox.send)
        try:
            while isinstance(item := await mailbox.receive(), TextDelta):
                yield item
            _raise_failure(item, info.name)
            if answer.reason is None:
                raise GenerationFailed(f"Model {info.name} was unloaded while it answered.")
            yield Finished(answer.reason, answer.usage(len(prepared.tokens)), info.name)
        finally:
            job.given_up.set()
            done.cancel()
            self._running.pop(job.given_up, None)

    async def add_adapter(self, name: str, folder: Path) -> Engine:
        """Load an adapter after the running answers; see ``AdapterHost.add_adapter``."""
        await self._in_worker(lambda: self._adapters.add(name, folder))
        return AdaptedEngine(self, name)

    async def remove_adapter(self, name: str) -> None:
        """End the adapter's answers and remove it; see ``AdapterHost.remove_adapter``."""
        for given_up, adapter in list(self._running.items()):
            if adapter == name:
                given_up.set()
        with suppress(GenerationFailed):  # closed: the adapter went with the base
            await self._in_worker(lambda: self._adapters.remove(name))

    async def close(self) -> None:
        """Stop running answers and free the memory. Closing twice does nothing."""
        for given_up in list(self._running):
            given_up.set()
        await asyncio.to_thread(self._worker.shutdown, cancel_futures=True)
        await asyncio.to_thread(self._prompts.close)
        self._model = self._adapters = None

    async def _in_worker(self, work: Callable[[], None]) -> None:
        """Run a task on the model between two answers."""
        unloaded = GenerationFailed(f"Model {self._info.name} was unloaded.")
        await finished(self._submitted(work), unloaded)

    def _submit(self, job: _Job) -> Future[None]:
        self._running[job.given_up] = job.adapter
        try:
            return self._submitted(in_own_thread, lambda: self._run(job), "generate")
        except GenerationFailed:
            self._running.pop(job.given_up, None)
            raise

    def _submitted(self, work: Callable[..., None], *given: Any) -> Future[None]:
        try:
            return self._worker.submit(work, *given)
        except RuntimeError as error:  # the executor's way to say that it was shut down
            raise GenerationFailed(f"Model {self._info.name} was unloaded.") from error

    def _run(self, job: _Job) -> None:
        """Generate, in a separate thread; errors are kept in the future."""
        if job.given_up.is_set():
            return
        job.answer.start()
        prepared, device = job.prepared, self._model.device
        ids = torch.tensor([prepared.tokens], dtype=torch.long, device=device)
        processors, logprobs = LogitsProcessorList(), None
        if prepared.sampling.top_logprobs is not None and prepared.token_bytes is not None:
            raw = RawScores()
            processors.append(raw)
            logprobs = LogprobSource(raw, prepared.sampling.top_logprobs, prepared.token_bytes)
        processors.extend(self._prompts.processors(prepared, device))
        config = generation_config(prepared.limits.max_new_tokens, self._prompts.defaults)
        criteria = AnswerCriteria(job.answer, job.given_up, logprobs)
        with torch.inference_mode(), self._adapters.rows([job.adapter]):
            self._model.generate(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                generation_config=config,
                logits_processor=processors,
                stopping_criteria=StoppingCriteriaList([criteria]),
            )


def _raise_failure(done: Future[None], name: str) -> None:
    if done.cancelled():
        raise GenerationFailed(f"Model {name} was unloaded before it answered.")
    error = done.exception()
    if isinstance(error, GenerationFailed):
        raise error
    if error is not None:
        raise GenerationFailed(
            f"Model {name} failed while it answered: {first_line(error)}."
        ) from error
