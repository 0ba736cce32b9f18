"""Parser of the event stream of an OpenAI-compatible chat completion."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from typing import Any

from carrel.core.chat import TokenLogprob
from carrel.core.errors import GenerationFailed, PromptTooLong
from carrel.engine.remote.errors import error_text, is_too_long
from carrel.engine.remote.format import read_logprobs


@dataclass(frozen=True, slots=True)
class Piece:
    """One event of the stream; ``usage`` is (prompt tokens, completion tokens)."""

    text: str = ""
    finish_reason: str | None = None
    usage: tuple[int, int] | None = None
    logprobs: tuple[TokenLogprob, ...] = ()


async def read_pieces(lines: AsyncIterator[str]) -> AsyncGenerator[Piece]:
    """Yield the events of a stream of lines.

    Raises:
        PromptTooLong, GenerationFailed: the server sent an error, or an invalid event.
        GenerationFailed: the stream ended with neither ``[DONE]`` nor a finish reason.
    """
    finished = False
    async for line in lines:
        if not line.startswith("data:"):
            continue
        data = line[len("data:") :].strip()
        if data == "[DONE]":
            return
        piece = _piece(data)
        finished = finished or piece.finish_reason is not None
        yield piece
    if not finished:
        raise GenerationFailed("The inference server broke off in the middle of the answer.")


def _piece(data: str) -> Piece:
    try:
        event = json.loads(data)
    except json.JSONDecodeError as error:
        raise GenerationFailed("The inference server sent an event that is not JSON.") from error
    if not isinstance(event, dict):
        raise GenerationFailed("The inference server sent an event that is not an object.")
    if event.get("error"):
        kind = PromptTooLong if is_too_long(event) else GenerationFailed
        raise kind(f"The inference server stopped with an error: {error_text(event)}.")
    try:
        return _fields(event)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise GenerationFailed("The inference server sent an event in an unknown shape.") from error


def _fields(event: dict[str, Any]) -> Piece:
    usage = event.get("usage") or None
    counts = None
    if usage is not None and usage.get("completion_tokens") is not None:
        counts = int(usage.get("prompt_tokens") or 0), int(usage["completion_tokens"])
    choices = event.get("choices") or [{}]
    text = (choices[0].get("delta") or {}).get("content") or ""
    tokens = read_logprobs(choices[0])
    return Piece(str(text), choices[0].get("finish_reason"), counts, tokens)
