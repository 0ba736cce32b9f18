"""Prompts in, text out: everything around the model, for the engines of this process."""

from __future__ import annotations

import asyncio
import copy
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from transformers import LogitsProcessorList

from carrel.core.chat import Message, ModelInfo, SamplingParams, TextDelta, is_bare_prompt
from carrel.core.errors import PromptTooLong
from carrel.engine.spec import LoadedModel
from carrel.engine.text.answer import Answer, AnswerLimits
from carrel.engine.text.counted_prompts import CountedPrompts
from carrel.engine.text.detokenize import last_tokens
from carrel.engine.text.generating import GrammarMask
from carrel.engine.text.grammar import GrammarCompiler, GrammarMatcher
from carrel.engine.text.prompting import PromptBuilder
from carrel.engine.text.requests import refuse_impossible, refuse_unsupported
from carrel.engine.text.sampling import logits_processors, penalties
from carrel.engine.text.token_bytes import TokenBytes
from carrel.engine.text.tool_calls import forced_format
from carrel.engine.text.vocabulary import keep_writable, vocabulary_of

HONOURED = ("response_format", "top_logprobs", "tools")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A tokenized prompt, the limits of its answer, and its sampling.

    ``token_bytes`` is set if log-probabilities are requested.
    """

    tokens: list[int]
    sampling: SamplingParams
    limits: AnswerLimits
    token_bytes: TokenBytes | None


class InputProcessor:
    """Makes prompts, and text of tokens, for one loaded model. Thread-safe.

    The end tokens are those of the model's generation configuration and the one with which its
    chat template ends a turn; both are written to the configuration, ``defaults``.
    """

    def __init__(self, loaded: LoadedModel) -> None:
        vocabulary = vocabulary_of(loaded.model)
        self._prompts = PromptBuilder(loaded.tokenizer, loaded.prompt_type, vocabulary)
        self._counted = CountedPrompts()
        # Encoding changes the tokenizer's state; decoding in another thread needs its own.
        self._decoder = copy.deepcopy(loaded.tokenizer)
        self.defaults = loaded.model.generation_config
        ends = {*(self.defaults.eos_token_id or ()), *self._prompts.end_tokens()}
        self.defaults.eos_token_id = sorted(ends)
        keep_writable(self.defaults, vocabulary)
        self._end_tokens = frozenset(self.defaults.eos_token_id or ())
        self._grammars = GrammarCompiler(self._decoder, vocabulary.writable, self._end_tokens)

    async def count_tokens(self, messages: Sequence[Message]) -> int:
        """Return the length of the messages' prompt in tokens."""
        tokens = await asyncio.to_thread(self._prompts.encode, messages)
        self._counted.put(messages, tokens)
        return len(tokens)

    async def begin(
        self,
        messages: Sequence[Message],
        sampling: SamplingParams,
        info: ModelInfo,
        show: Callable[[TextDelta], None],
    ) -> tuple[Prepared, Answer]:
        """Return the prompt and the new answer, which passes its text to ``show``.

        An answer that exceeds the context ends there.

        Raises:
            InvalidRequest, UnsupportedParameter: a sampling parameter is not supported.
            PromptTooLong: no context is left for an answer.
        """
        accepted = time.perf_counter()
        refuse_impossible(messages, sampling)
        refuse_unsupported(sampling, info, HONOURED)
        tools = sampling.tools.tools if sampling.tools is not None else ()
        # Prompts are counted without tools.
        tokens = None if tools else self._counted.take(messages)
        if tokens is None:
            tokens = await asyncio.to_thread(self._prompts.encode, messages, tools)
        left = info.context_length - len(tokens)
        if left < 1:
            raise PromptTooLong(
                f"The prompt has {len(tokens)} tokens, and {info.name} takes "
                f"{info.context_length} with its answer. Shorten the question or its sources."
            )
        bare = is_bare_prompt(messages)
        begun = messages[-1].unfinished and bool(messages[-1].content)
        form_stops = () if bare else self._prompts.stop
        grammar = await asyncio.to_thread(self._grammar, sampling)
        limits = AnswerLimits(
            end_tokens=self._end_tokens,
            # A grammar ends the answer; the prompt form's stop strings could occur in its texts.
            stop=() if grammar is not None else (*sampling.stop, *form_stops),
            max_new_tokens=min(sampling.max_new_tokens, left),
            max_time=sampling.max_time,
            trims_start=self._prompts.trims_start and not bare and not begun,
            grammar=grammar,
            before=last_tokens(self._decode, tokens) if begun else (),
        )
        wants_logprobs = sampling.top_logprobs is not None
        token_bytes = TokenBytes(self._decoder) if wants_logprobs else None
        answer = Answer(self._decode, limits, show, accepted)
        return Prepared(tokens, sampling, limits, token_bytes), answer

    def processors(self, prepared: Prepared, device: torch.device) -> LogitsProcessorList:
        """Return the processors of the scores; empty if there are none."""
        sampling = prepared.sampling
        processors = penalties(sampling, self.defaults, len(prepared.tokens), device)
        if prepared.limits.grammar is not None:
            processors.append(GrammarMask(prepared.limits.grammar))
        processors.extend(logits_processors(sampling, device))
        return processors

    def close(self) -> None:
        """Release the renderer."""
        self._prompts.close()

    def _decode(self, token_ids: list[int]) -> str:
        text = self._decoder.decode(
            token_ids, skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        return str(text)

    def _grammar(self, sampling: SamplingParams) -> GrammarMatcher | None:
        wanted = sampling.response_format
        if wanted is None and sampling.tools is not None:
            wanted = forced_format(sampling.tools)
        return None if wanted is None else self._grammars.compile(wanted).matcher()
