"""Engine that plays given answers, without a model: for tests and demonstrations."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncGenerator, Sequence
from itertools import count

from carrel.core.chat import (
    EngineEvent,
    Finished,
    FinishReason,
    Message,
    ModelInfo,
    Role,
    SamplingParams,
    TextDelta,
    Usage,
)
from carrel.core.errors import GenerationFailed, PromptTooLong, UnsupportedParameter
from carrel.engine.text.detokenize import StopStrings
from carrel.engine.text.requests import refuse_impossible, refuse_unsupported
from carrel.engine.text.tool_calls import with_tool_calls

TOKEN = re.compile(r"\s*\S{1,8}|\s+")
TOKENS_PER_MESSAGE = 3
"""Tokens that a chat template would add to a message."""

ECHOED = 200


def split_tokens(text: str) -> list[str]:
    """Cut text into the tokens of this engine; joined, they are the text."""
    return TOKEN.findall(text)


def _count(messages: Sequence[Message]) -> int:
    # One by one, so that other threads can run during a long text.
    tokens = (token for message in messages for token in TOKEN.finditer(message.content))
    return sum(1 for _ in tokens) + TOKENS_PER_MESSAGE * len(messages)


class ScriptedEngine:
    """Plays ``answers`` in turn, starting over after the last; without any, echoes.

    An unfinished answer is continued with the rest of the first one that begins with it.

    An answer may be a tool call, as a model writes it: ``<tool_call>{"name": ...,
    "arguments": {...}}</tool_call>``. Sampling parameters (temperature, seed and the like) have no
    effect on a given answer, and ``min_new_tokens`` does not lengthen it.
    """

    def __init__(
        self,
        answers: Sequence[str] | None = None,
        name: str = "scripted",
        context_length: int = 8192,
        seconds_per_token: float = 0.0,
    ) -> None:
        self._answers = tuple(answers or ())
        self._turn = count()
        self._seconds_per_token = seconds_per_token
        self._info = ModelInfo(name=name, engine="scripted", context_length=context_length)
        self._closed = False

    @property
    def info(self) -> ModelInfo:
        """The engine's name and context length."""
        return self._info

    def failure(self) -> str | None:
        """Why the model can no longer answer; see ``Engine.failure``."""
        return None

    async def count_tokens(self, messages: Sequence[Message]) -> int:
        """Return the number of tokens of the messages."""
        return await asyncio.to_thread(_count, messages)

    def generate(
        self, messages: Sequence[Message], sampling: SamplingParams, caller: str = ""
    ) -> AsyncGenerator[EngineEvent]:
        """Yield text deltas and, last, one ``Finished``; see ``Engine.generate``."""
        return with_tool_calls(self._played(messages, sampling), sampling.tools)

    async def _played(
        self, messages: Sequence[Message], sampling: SamplingParams
    ) -> AsyncGenerator[EngineEvent]:
        accepted = time.perf_counter()
        refuse_impossible(messages, sampling)
        refuse_unsupported(sampling, self._info, ("tools",))
        if any(message.token_ids for message in messages):
            raise UnsupportedParameter(
                f"{self._info.name} is scripted and has no token ids: send the prompt as text."
            )
        prompt_tokens = await self.count_tokens(messages)
        left = self._info.context_length - prompt_tokens
        if left < 1:
            raise PromptTooLong(
                f"The prompt has {prompt_tokens} tokens, and {self._info.name} takes "
                f"{self._info.context_length} with its answer. Shorten the question or its sources."
            )
        limit = min(sampling.max_new_tokens, left)
        stops = StopStrings(sampling.stop)
        reason = FinishReason.STOP
        made, first = 0, None
        for token in split_tokens(self._answer(messages)):
            if made == limit:
                reason = FinishReason.LENGTH
                break
            if sampling.max_time is not None and time.perf_counter() - accepted > sampling.max_time:
                reason = FinishReason.TIME
                break
            await asyncio.sleep(self._seconds_per_token)
            if self._closed:
                raise GenerationFailed(f"Model {self._info.name} was unloaded while it answered.")
            made += 1
            first = first if first is not None else time.perf_counter() - accepted
            if text := stops.push(token):
                yield TextDelta(text)
            if stops.stopped:
                break
        if text := stops.flush():
            yield TextDelta(text)
        usage = Usage(prompt_tokens, made, first, time.perf_counter() - accepted)
        yield Finished(reason, usage, self._info.name)

    async def close(self) -> None:
        """Stop running answers. Closing twice does nothing."""
        self._closed = True

    def _answer(self, messages: Sequence[Message]) -> str:
        begun = messages[-1].content if messages[-1].unfinished else ""
        if self._answers:
            known = [each for each in self._answers if begun and each.startswith(begun)]
            answer = known[0] if known else self._answers[next(self._turn) % len(self._answers)]
        else:
            answer = self._echo(messages)
        return answer.removeprefix(begun)

    @staticmethod
    def _echo(messages: Sequence[Message]) -> str:
        asked = [m.content for m in messages if m.role is Role.USER]
        return f"You asked: {(asked or [messages[-1].content])[-1][:ECHOED]}"
