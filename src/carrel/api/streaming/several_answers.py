"""One or several answers to a request, as OpenAI's reply."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

from carrel.api.streaming.answering import Answering
from carrel.api.streaming.sse import DONE, event
from carrel.core.chat import Usage
from carrel.schemas.completions import ChunkBody, CompletionBody, UsageBody
from carrel.services.merging import merged
from carrel.services.text_completions import several


def answers(first: Answering, count: int) -> list[Answering]:
    """Return ``count`` answers to the request of ``first``, each with its own seed."""
    return [
        replace(first, asked=replace(first.asked, sampling=sampling), index=index)
        for index, sampling in enumerate(several(first.asked.sampling, count))
    ]


async def whole(answering: Sequence[Answering]) -> CompletionBody:
    """Return all answers when they are finished; the first one that fails stops the others.

    Raises:
        CarrelError: whatever the chat service raises.
    """
    if len(answering) == 1:
        return await answering[0].whole()
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each.whole()) for each in answering]
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None
    replies = [each.result() for each in tasks]
    choices = [choice for each in replies for choice in each.choices]
    usage = UsageBody.of(_together([each.usage for each in answering]))
    return replies[0].model_copy(update={"choices": choices, "usage": usage})


async def stream(answering: Sequence[Answering], *, include_usage: bool) -> AsyncGenerator[bytes]:
    """Yield server-sent events; those of several answers are interleaved, each with its index.

    Raises:
        CarrelError: whatever the chat service raises, also after the first event.
    """
    ends: list[ChunkBody] = []
    async with aclosing(merged([each.chunks() for each in answering])) as chunks:
        async for each in chunks:
            chunk = each.event
            if include_usage and chunk.choices[0].finish_reason is not None:
                # The end of a single answer is merged into the next event.
                ends.append(chunk)
                chunk = _bare(chunk)
            yield event(chunk.model_dump_json())
    if include_usage:
        usage = UsageBody.of(_together([each.usage for each in answering]))
        yield event(ends[0].model_copy(update={"choices": [], "usage": usage}).model_dump_json())
    yield DONE


def _bare(chunk: ChunkBody) -> ChunkBody:
    return ChunkBody(id=chunk.id, created=chunk.created, model=chunk.model, choices=chunk.choices)


def _together(usages: Sequence[Usage]) -> Usage:
    """Return the usage of several answers to one prompt, which counts once."""
    if len(usages) == 1:
        return usages[0]
    return Usage(usages[0].prompt_tokens, sum(each.completion_tokens for each in usages))
