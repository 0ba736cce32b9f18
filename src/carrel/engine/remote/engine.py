"""Engine over any OpenAI-compatible server: vLLM, TGI, Ollama, another Carrel."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

from carrel.core.chat import (
    EngineEvent,
    Finished,
    FinishReason,
    Message,
    ModelInfo,
    SamplingParams,
    TextDelta,
    Usage,
    is_bare_prompt,
)
from carrel.core.errors import GenerationFailed, PromptTooLong, UnsupportedParameter
from carrel.engine.remote.format import FormatCheck, format_options
from carrel.engine.remote.inference_server import refuse_outward
from carrel.engine.remote.model import (
    CONTINUING,
    LOSE_TEXT_TO_STOPS,
    continuing,
    extensions,
    wire_messages,
)
from carrel.engine.remote.server import RemoteServer
from carrel.engine.remote.stream import Piece
from carrel.engine.text.detokenize import StopStrings
from carrel.engine.text.pending_logprobs import PendingLogprobs
from carrel.engine.text.requests import (
    refuse_continuing,
    refuse_impossible,
    refuse_unsupported,
)

HONOURED = ("response_format", "top_logprobs")
BYTES_PER_TOKEN = 3
TOKENS_PER_MESSAGE = 8


def estimated_tokens(messages: Sequence[Message]) -> int:
    """Return an upper estimate of a prompt's length: 3 bytes per token, 8 tokens per message.

    English has about 4 bytes per token with common tokenizers, Chinese 3 bytes per character.
    """
    return sum(
        -(-len(message.content.encode()) // BYTES_PER_TOKEN) + TOKENS_PER_MESSAGE
        for message in messages
    )


class RemoteEngine:
    """A model on another server.

    The constructor asks the server for its models: ``model`` None takes the first one. Usable from
    several event loops. Prompts are counted by the server if it can (vLLM, llama.cpp, Carrel), else
    see ``estimated_tokens``. Without usage from the server, completion tokens are counted by the
    events with text.

    Raises:
        OfflineRefused: ``offline`` is set and the server is on another machine.
        RemoteUnavailable: the server does not answer, or rejects the API key.
        ModelNotFound: it does not have the model.
    """

    def __init__(
        self, base_url: str, model: str | None, api_key: str | None, *, offline: bool = False
    ) -> None:
        refuse_outward(base_url, offline)
        self._server = RemoteServer(base_url, api_key)
        self._model = self._server.find_model(model)
        self._info = ModelInfo(
            name=self._model.id,
            engine="remote",
            context_length=self._model.context_length,
            continues=self._model.server in CONTINUING,
        )
        self._closed = False

    @property
    def info(self) -> ModelInfo:
        """The model's name and context length, as the server states them."""
        return self._info

    def failure(self) -> str | None:
        """Why the model can no longer answer; see ``Engine.failure``."""
        return None

    async def count_tokens(self, messages: Sequence[Message]) -> int:
        """Return the length of the prompt in tokens, or an upper estimate."""
        counted = await self._server.count_tokens(self._model, messages)
        return estimated_tokens(messages) if counted is None else counted

    async def generate(
        self, messages: Sequence[Message], sampling: SamplingParams, caller: str = ""
    ) -> AsyncGenerator[EngineEvent]:
        """Yield text deltas and, last, one ``Finished``; see ``Engine.generate``.

        Raises, besides those of the protocol:
            RemoteUnavailable: the server does not answer.
        """
        accepted = time.perf_counter()
        if is_bare_prompt(messages):
            raise UnsupportedParameter(
                f"{self._info.name} runs on another server, which supports conversations only: "
                "use chat completions, or another model."
            )
        refuse_impossible(messages, sampling)
        refuse_unsupported(sampling, self._info, HONOURED)
        refuse_continuing(messages, self._info)
        body = await self._body(messages, sampling)
        answer = _Answer(sampling, accepted)
        check = FormatCheck(sampling, self._server.base_url)
        async with aclosing(self._server.stream(body)) as pieces:
            while (piece := await answer.following(pieces)) is not None:
                if self._closed:
                    raise GenerationFailed(f"Model {self._info.name} was unloaded.")
                check.take(piece.text, piece.logprobs)
                delta = answer.push(piece)
                if delta.text or delta.logprobs:
                    yield delta
                if answer.reason is not None and answer.cut:
                    break
        rest = answer.flush()
        if rest.text or rest.logprobs:
            yield rest
        check.end(answer.reason or FinishReason.STOP)
        usage = answer.usage(estimated_tokens(messages))
        yield Finished(answer.reason or FinishReason.STOP, usage, self._info.name)

    async def close(self) -> None:
        """Stop running answers at their next token. Closing twice does nothing."""
        self._closed = True

    async def _body(self, messages: Sequence[Message], sampling: SamplingParams) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self._model.id,
            "messages": wire_messages(messages),
            "max_tokens": await self._limit(messages, sampling),
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if sampling.seed is not None:
            body["seed"] = sampling.seed
        if sampling.stop and self._model.server not in LOSE_TEXT_TO_STOPS:
            body["stop"] = list(sampling.stop)
        return body | continuing(messages) | format_options(sampling) | self._extras(sampling)

    def _extras(self, sampling: SamplingParams) -> dict[str, Any]:
        """Return the parameters beyond OpenAI's; a server may ignore unknown ones."""
        extras, ignored = extensions(self._model, sampling)
        if ignored:
            raise UnsupportedParameter(
                f"{', '.join(ignored)} cannot be set: the inference server "
                f"{self._server.base_url} is not known to honour it."
            )
        return extras

    async def _limit(self, messages: Sequence[Message], sampling: SamplingParams) -> int:
        """Return the number of tokens to request: servers refuse to exceed the context."""
        counted = await self._server.count_tokens(self._model, messages)
        if counted is None:
            return sampling.max_new_tokens
        left = self._info.context_length - counted
        if left < 1:
            raise PromptTooLong(
                f"The prompt has {counted} tokens, and {self._info.name} takes "
                f"{self._info.context_length} with its answer. Shorten the question or its sources."
            )
        return min(sampling.max_new_tokens, left)


class _Answer:
    """The state of one answer: text and tokens held back for stop strings, counts, its end."""

    def __init__(self, sampling: SamplingParams, accepted: float) -> None:
        self._stops = StopStrings(sampling.stop)
        self._pending = PendingLogprobs()
        self._received = 0
        self._passed = 0
        self._accepted = accepted
        self._deadline = None if sampling.max_time is None else accepted + sampling.max_time
        self._first: float | None = None
        self._counted: tuple[int, int] | None = None
        self._events = 0
        self.reason: FinishReason | None = None
        self.cut = False

    async def following(self, pieces: AsyncGenerator[Piece]) -> Piece | None:
        """Return the next event, None at the end or after the time limit."""
        left = None if self._deadline is None else max(0, self._deadline - time.perf_counter())
        try:
            return await asyncio.wait_for(anext(pieces, None), left)
        except TimeoutError:
            self.reason = FinishReason.TIME
            return None

    def push(self, piece: Piece) -> TextDelta:
        """Process an event and return what may be shown; both parts may be empty."""
        self._counted = piece.usage or self._counted
        if piece.finish_reason is not None:
            ended_by_length = piece.finish_reason == "length"
            self.reason = FinishReason.LENGTH if ended_by_length else FinishReason.STOP
        for token in piece.logprobs:
            self._pending.add(token, self._received)
        self._received += len(piece.text)
        if not piece.text:
            return TextDelta("")
        self._events += 1
        if self._first is None:
            self._first = time.perf_counter() - self._accepted
        shown = self._stops.push(piece.text)
        self._passed += len(shown)
        if self._stops.stopped:
            self.reason, self.cut = FinishReason.STOP, True
        return TextDelta(shown, self._pending.before(self._passed))

    def flush(self) -> TextDelta:
        """Return what was held back."""
        held = self._stops.flush()
        return TextDelta(held, () if self._stops.stopped else self._pending.rest())

    def usage(self, estimated_prompt: int) -> Usage:
        """Return the server's counts, or an estimate without them."""
        prompt, completion = self._counted or (estimated_prompt, self._events)
        return Usage(prompt, completion, self._first, time.perf_counter() - self._accepted)
