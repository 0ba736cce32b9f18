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
from transformers import LogitsProcessorList, StoppingCriteriaList

from carrel.core.chat import EngineEvent, Finished, Message, ModelInfo, SamplingParams, TextDelta
from carrel.core.errors import GenerationFailed, PromptTooLong
from carrel.engine.answer import Answer, AnswerLimits
from carrel.engine.generating import AnswerCriteria, GrammarMask, LogprobSource, RawScores
from carrel.engine.grammar import GrammarCompiler, GrammarMatcher
from carrel.engine.prompting import PromptBuilder
from carrel.engine.requests import refuse_impossible, refuse_unsupported
from carrel.engine.sampling import generation_config, logits_processors, penalties
from carrel.engine.source import first_line
from carrel.engine.spec import LoadedModel
from carrel.engine.token_bytes import TokenBytes

HONOURED = ("response_format", "top_logprobs")


@dataclass(frozen=True, slots=True)
class _Job:
    """One request on its way through the worker thread."""

    prompt: list[int]
    sampling: SamplingParams
    max_new_tokens: int
    answer: Answer
    grammar: GrammarMatcher | None
    token_bytes: TokenBytes | None
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
        vocabulary = loaded.model.config.get_text_config().vocab_size
        self._grammars = GrammarCompiler(self._decoder, vocabulary, ends)
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
        refuse_unsupported(sampling, self._info, HONOURED)
        prompt = await asyncio.to_thread(self._prompts.encode, messages)
        room = self._info.context_length - len(prompt)
        if room < 1:
            raise PromptTooLong(
                f"The prompt has {len(prompt)} tokens, and {self._info.name} takes "
                f"{self._info.context_length} with its answer. Shorten the question or its sources."
            )
        limit = min(sampling.max_new_tokens, room)
        arrived: asyncio.Queue[TextDelta | Future[None]] = asyncio.Queue()
        show = _sender(asyncio.get_running_loop(), arrived)
        grammar = await asyncio.to_thread(self._grammar, sampling)
        answer = Answer(self._decode, self._limits(sampling, limit, grammar), show, accepted)
        told = sampling.top_logprobs is not None
        token_bytes = TokenBytes(self._decoder) if told else None
        job = _Job(prompt, sampling, limit, answer, grammar, token_bytes, Event())
        done = self._submit(job)
        done.add_done_callback(show)
        try:
            while isinstance(item := await arrived.get(), TextDelta):
                yield item
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

    def _grammar(self, sampling: SamplingParams) -> GrammarMatcher | None:
        wanted = sampling.response_format
        return None if wanted is None else self._grammars.compile(wanted).matcher()

    def _limits(
        self, sampling: SamplingParams, max_new_tokens: int, grammar: GrammarMatcher | None
    ) -> AnswerLimits:
        # A grammar ends the answer; the prompt form's stop strings could stand in its texts.
        stop = () if grammar is not None else (*sampling.stop, *self._prompts.stop)
        return AnswerLimits(
            end_tokens=self._end_tokens,
            stop=stop,
            max_new_tokens=max_new_tokens,
            max_time=sampling.max_time,
            trims_start=self._prompts.trims_start,
            grammar=grammar,
        )

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
        ids = torch.tensor([job.prompt], dtype=torch.long, device=self._model.device)
        raw = RawScores()
        logprobs = None
        if job.sampling.top_logprobs is not None and job.token_bytes is not None:
            logprobs = LogprobSource(raw, job.sampling.top_logprobs, job.token_bytes)
        with torch.inference_mode():
            self._model.generate(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                generation_config=generation_config(job.max_new_tokens, self._defaults),
                logits_processor=self._processors(job, raw if logprobs is not None else None),
                stopping_criteria=StoppingCriteriaList(
                    [AnswerCriteria(job.answer, job.given_up, logprobs)]
                ),
            )

    def _processors(self, job: _Job, raw: RawScores | None) -> LogitsProcessorList:
        device = self._model.device
        processors = LogitsProcessorList([] if raw is None else [raw])
        processors += penalties(job.sampling, self._defaults, len(job.prompt), device)
        if job.grammar is not None:
            processors.append(GrammarMask(job.grammar))
        processors += logits_processors(job.sampling, device)
        return processors


def _sender(loop: asyncio.AbstractEventLoop, queue: asyncio.Queue[Any]) -> Callable[[Any], None]:
    """Return a function that puts an item into the queue from another thread."""

    def send(item: Any) -> None:
        with suppress(RuntimeError):  # the loop was closed: nobody is left who reads
            loop.call_soon_threadsafe(queue.put_nowait, item)

    return send
