"""Engine over transformers' ``generate``: one answer at a time, the others wait in order."""

from __future__ import annotations

import asyncio
import copy
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from threading import Event
from typing import Any

import torch
from transformers import StoppingCriteriaList

from carrel.core.chat import EngineEvent, Finished, Message, ModelInfo, SamplingParams, TextDelta
from carrel.core.errors import GenerationFailed, PromptTooLong
from carrel.engine.answer import Answer, AnswerCriteria, AnswerLimits
from carrel.engine.prompting import PromptBuilder
from carrel.engine.requests import refuse_impossible, refuse_unsupported
from carrel.engine.sampling import generation_config, logits_processors
from carrel.engine.source import first_line
from carrel.engine.spec import LoadedModel


@dataclass(frozen=True, slots=True)
class _Job:
    """One request on its way through the worker thread."""

    prompt: list[int]
    sampling: SamplingParams
    max_new_tokens: int
    answer: Answer
    given_up: Event


class SequentialEngine:
    """One model, one worker thread. It may be used from several event loops.

    The end tokens are those of the model's generation configuration and the one with which its
    chat template ends a turn. An answer that would outgrow the context is cut there, with
    ``FinishReason.LENGTH``; ``SamplingParams.max_time`` runs from the moment when the model starts
    on the request, not while it waits for others.
    """

    def __init__(self, loaded: LoadedModel) -> None:
        self._model = loaded.model
        self._prompts = PromptBuilder(loaded.tokenizer, loaded.prompt_type)
        # Encoding changes the tokenizer's state; decoding in another thread needs its own.
        self._decoder = copy.deepcopy(loaded.tokenizer)
        self._defaults = loaded.model.generation_config
        ends = set(self._defaults.eos_token_id or ()) | self._prompts.end_tokens()
        self._defaults.eos_token_id = sorted(ends) or None
        self._end_tokens = frozenset(ends)
        self._info = ModelInfo(
            name=loaded.name,
            engine="sequential",
            context_length=loaded.context_length,
            precision=loaded.precision,
            device=loaded.device,
        )
        self._worker = ThreadPoolExecutor(1, thread_name_prefix=f"generate {loaded.name}")
        self._running: set[Event] = set()

    @property
    def info(self) -> ModelInfo:
        """The model's name, context length and placement."""
        return self._info

    def failure(self) -> str | None:
        """Why the model cannot answer any more; see ``Engine.failure``."""
        return None

    async def count_tokens(self, messages: Sequence[Message]) -> int:
        """Return the length in tokens of the prompt that the messages become."""
        return len(await asyncio.to_thread(self._prompts.encode, messages))

    async def generate(
        self, messages: Sequence[Message], sampling: SamplingParams, caller: str = ""
    ) -> AsyncGenerator[EngineEvent]:
        """Yield text deltas and, last, one ``Finished``; see ``Engine.generate``."""
        accepted = time.perf_counter()
        refuse_impossible(messages, sampling)
        refuse_unsupported(sampling, self._info)
        prompt = await asyncio.to_thread(self._prompts.encode, messages)
        room = self._info.context_length - len(prompt)
        if room < 1:
            raise PromptTooLong(
                f"The prompt has {len(prompt)} tokens, and {self._info.name} takes "
                f"{self._info.context_length} with its answer. Shorten the question or its sources."
            )
        arrived: asyncio.Queue[str | Future[None]] = asyncio.Queue()
        show = _sender(asyncio.get_running_loop(), arrived)
        limit = min(sampling.max_new_tokens, room)
        limits = AnswerLimits(
            end_tokens=self._end_tokens,
            stop=(*sampling.stop, *self._prompts.stop),
            max_new_tokens=limit,
            max_time=sampling.max_time,
            trims_start=self._prompts.trims_start,
        )
        answer = Answer(self._decode, limits, show, accepted)
        job = _Job(prompt, sampling, limit, answer, Event())
        done = self._submit(job)
        done.add_done_callback(show)
        try:
            while isinstance(item := await arrived.get(), str):
                yield TextDelta(item)
            self._raise_failure(item)
            if answer.reason is None:
                raise GenerationFailed(f"Model {self._info.name} was unloaded while it answered.")
            yield Finished(answer.reason, answer.usage(len(prompt)), self._info.name)
        finally:
            job.given_up.set()
            done.cancel()
            self._running.discard(job.given_up)

    async def close(self) -> None:
        """Stop what runs and free the memory. Closing twice does nothing."""
        for given_up in list(self._running):
            given_up.set()
        await asyncio.to_thread(self._worker.shutdown, cancel_futures=True)
        self._model = None

    def _decode(self, token_ids: list[int]) -> str:
        text = self._decoder.decode(
            token_ids, skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        return str(text)

    def _submit(self, job: _Job) -> Future[None]:
        self._running.add(job.given_up)
        try:
            return self._worker.submit(self._run, job)
        except RuntimeError as error:  # the executor's way to say that it was shut down
            self._running.discard(job.given_up)
            raise GenerationFailed(f"Model {self._info.name} was unloaded.") from error

    def _raise_failure(self, done: Future[None]) -> None:
        if done.cancelled():
            raise GenerationFailed(f"Model {self._info.name} was unloaded before it answered.")
        error = done.exception()
        if error is not None:
            raise GenerationFailed(
                f"Model {self._info.name} failed while it answered: {first_line(error)}."
            ) from error

    def _run(self, job: _Job) -> None:
        """Generate, in the worker thread; what the model raises is kept in the future."""
        if job.given_up.is_set():
            return
        job.answer.start()
        device = self._model.device
        ids = torch.tensor([job.prompt], dtype=torch.long, device=device)
        with torch.inference_mode():
            self._model.generate(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                generation_config=generation_config(
                    job.sampling, job.max_new_tokens, self._defaults
                ),
                logits_processor=logits_processors(job.sampling, device),
                stopping_criteria=StoppingCriteriaList([AnswerCriteria(job.answer, job.given_up)]),
            )


def _sender(loop: asyncio.AbstractEventLoop, queue: asyncio.Queue[Any]) -> Callable[[Any], None]:
    """Return a function that puts an item into the queue from another thread."""

    def send(item: Any) -> None:
        with suppress(RuntimeError):  # the loop was closed: nobody is left who reads
            loop.call_soon_threadsafe(queue.put_nowait, item)

    return send
