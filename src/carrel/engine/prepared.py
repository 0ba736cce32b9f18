"""What comes before and after the model: prompts in, text out, for every engine of this process."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from carrel.core.chat import Message, ModelInfo, SamplingParams
from carrel.core.errors import PromptTooLong
from carrel.engine.answer import AnswerLimits
from carrel.engine.prompting import PromptBuilder
from carrel.engine.spec import LoadedModel


@dataclass(frozen=True, slots=True)
class Prepared:
    """A prompt in tokens, and where the answer to it ends."""

    tokens: list[int]
    limits: AnswerLimits


class PromptSide:
    """Makes prompts, and text of tokens, for one loaded model. May be used from several threads.

    The end tokens are those of the model's generation configuration and the one with which its
    chat template ends a turn; both are put into the configuration.
    """

    def __init__(self, loaded: LoadedModel) -> None:
        self._prompts = PromptBuilder(loaded.tokenizer, loaded.prompt_type)
        # Encoding changes the tokenizer's state; decoding in another thread needs its own.
        self._decoder = copy.deepcopy(loaded.tokenizer)
        defaults = loaded.model.generation_config
        self._end_tokens = frozenset(defaults.eos_token_id or ()) | self._prompts.end_tokens()
        defaults.eos_token_id = sorted(self._end_tokens) or None

    async def count_tokens(self, messages: Sequence[Message]) -> int:
        """Return the length in tokens of the prompt that the messages become."""
        return len(await asyncio.to_thread(self._prompts.encode, messages))

    async def prepare(
        self, messages: Sequence[Message], sampling: SamplingParams, info: ModelInfo
    ) -> Prepared:
        """Return the prompt; an answer that would outgrow the context ends there.

        Raises:
            PromptTooLong: nothing is left of the context for an answer.
        """
        tokens = await asyncio.to_thread(self._prompts.encode, messages)
        room = info.context_length - len(tokens)
        if room < 1:
            raise PromptTooLong(
                f"The prompt has {len(tokens)} tokens, and {info.name} takes "
                f"{info.context_length} with its answer. Shorten the question or its sources."
            )
        limits = AnswerLimits(
            end_tokens=self._end_tokens,
            stop=(*sampling.stop, *self._prompts.stop),
            max_new_tokens=min(sampling.max_new_tokens, room),
            max_time=sampling.max_time,
            trims_start=self._prompts.trims_start,
        )
        return Prepared(tokens, limits)

    def decode(self, token_ids: list[int]) -> str:
        """Return the text of tokens, without control tokens. For one thread."""
        text = self._decoder.decode(
            token_ids, skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        return str(text)


def sender(loop: asyncio.AbstractEventLoop, queue: asyncio.Queue[Any]) -> Callable[[Any], None]:
    """Return a function that puts an item into the queue from another thread."""

    def send(item: Any) -> None:
        with suppress(RuntimeError):  # the loop was closed: nobody is left who reads
            loop.call_soon_threadsafe(queue.put_nowait, item)

    return send
