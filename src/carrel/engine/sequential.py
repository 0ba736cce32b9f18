"""Engine over transformers' ``generate``: one answer at a time, in order of arrival."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import Any

import torch
from transformers import LogitsProcessorList, StoppingCriteriaList

from carrel.core.errors import GenerationFailed
from carrel.core.protocols.adapters import Engine
from carrel.core.runtime.own_thread import in_own_thread
from carrel.engine.adapters.adapted import AdaptedEngine
from carrel.engine.local_engine import Ended, LocalEngine, LocalRequest
from carrel.engine.source import first_line
from carrel.engine.spec import LoadedModel
from carrel.engine.text.generating import AnswerCriteria, LogprobSource, RawScores
from carrel.engine.text.sampling import generation_config


class SequentialEngine(LocalEngine):
    """One model, one worker thread. Usable from several event loops.

    An answer that exceeds the context is cut, with ``FinishReason.LENGTH``;
    ``SamplingParams.max_time`` starts when the model starts on the request, not while it waits.
    """

    buffers_text = False

    def __init__(self, loaded: LoadedModel) -> None:
        super().__init__(loaded, "sequential", loaded.context_length)
        self._model = loaded.model
        self._worker = ThreadPoolExecutor(1, thread_name_prefix=f"generate {loaded.name}")
        self._running: dict[Event, str | None] = {}

    def failure(self) -> str | None:
        """Why the model can no longer answer; see ``Engine.failure``."""
        return None

    async def add_adapter(self, name: str, folder: Path) -> Engine:
        """Load an adapter after the running answers; see ``AdapterHost.add_adapter``."""
        await self._done(self._submitted(lambda: self._adapters.add(name, folder)))
        return AdaptedEngine(self, name)

    async def remove_adapter(self, name: str) -> None:
        """End the adapter's answers and remove it; see ``AdapterHost.remove_adapter``."""
        for given_up, adapter in list(self._running.items()):
            if adapter == name:
                given_up.set()
        with suppress(GenerationFailed):  # closed: the adapter went with the base
            await self._done(self._submitted(lambda: self._adapters.remove(name)))

    async def close(self) -> None:
        """Stop running answers and free the memory. Closing twice does nothing."""
        for given_up in list(self._running):
            given_up.set()
        await asyncio.to_thread(self._worker.shutdown, cancel_futures=True)
        await asyncio.to_thread(self._prompts.close)
        self._model = self._adapters = None

    def _submit(self, request: LocalRequest) -> Callable[[], None]:
        given_up = Event()
        self._running[given_up] = request.adapter
        try:
            done = self._submitted(in_own_thread, lambda: self._run(request, given_up), "generate")
        except GenerationFailed:
            self._running.pop(given_up, None)
            raise
        done.add_done_callback(
            lambda done: request.mailbox.send(Ended(_failure(done, request.name)))
        )

        def give_up() -> None:
            given_up.set()
            done.cancel()
            self._running.pop(given_up, None)

        return give_up

    def _submitted(self, work: Callable[..., None], *given: Any) -> Future[None]:
        try:
            return self._worker.submit(work, *given)
        except RuntimeError as error:  # the executor's way to say that it was shut down
            raise GenerationFailed(f"Model {self._info.name} was unloaded.") from error

    def _run(self, request: LocalRequest, given_up: Event) -> None:
        """Generate, in a separate thread; errors are kept in the future."""
        if given_up.is_set():
            return
        request.answer.start()
        prepared, device = request.prepared, self._model.device
        ids = torch.tensor([prepared.tokens], dtype=torch.long, device=device)
        processors, logprobs = LogitsProcessorList(), None
        if prepared.sampling.top_logprobs is not None and prepared.token_bytes is not None:
            raw = RawScores()
            processors.append(raw)
            logprobs = LogprobSource(raw, prepared.sampling.top_logprobs, prepared.token_bytes)
        processors.extend(self._prompts.processors(prepared, device))
        config = generation_config(prepared.limits.max_new_tokens, self._prompts.defaults)
        criteria = AnswerCriteria(request.answer, given_up, logprobs)
        with torch.inference_mode(), self._adapters.rows([request.adapter]):
            self._model.generate(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                generation_config=config,
                logits_processor=processors,
                stopping_criteria=StoppingCriteriaList([criteria]),
            )


def _failure(done: Future[None], name: str) -> GenerationFailed | None:
    if done.cancelled():
        return GenerationFailed(f"Model {name} was unloaded before it answered.")
    error = done.exception()
    if error is None or isinstance(error, GenerationFailed):
        return error
    failure = GenerationFailed(f"Model {name} failed while it answered: {first_line(error)}.")
    failure.__cause__ = error
    return failure
