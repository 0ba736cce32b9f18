"""Answers in a notebook."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from carrel.core.chat import (
    EngineEvent,
    Finished,
    FinishReason,
    TextDelta,
    TokenLogprob,
    Usage,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished answer; ``str`` returns its text.

    ``logprobs`` has one entry per token if ``top_logprobs`` was given.
    """

    text: str
    reason: FinishReason
    usage: Usage
    model: str
    logprobs: tuple[TokenLogprob, ...] = ()

    def __str__(self) -> str:
        """Return the text."""
        return self.text


async def whole(events: AsyncIterator[EngineEvent]) -> Answer:
    """Return the answer of an engine's events."""
    deltas: list[TextDelta] = []
    finished: Finished | None = None
    async for event in events:
        if isinstance(event, TextDelta):
            deltas.append(event)
        elif isinstance(event, Finished):
            finished = event
    assert finished is not None, "an engine that does not fail ends with Finished"
    return Answer(
        text="".join(each.text for each in deltas),
        reason=finished.reason,
        usage=finished.usage,
        model=finished.model,
        logprobs=tuple(token for each in deltas for token in each.logprobs),
    )
