"""Asks the questions one after the other and measures the time."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Protocol

from carrel.core.chat import (
    ChatEvent,
    Message,
    Role,
    SamplingParams,
    Scope,
    SourcesCited,
    TextDelta,
)
from carrel.core.documents import Source
from carrel.evaluate.questions import KnownQuestion
from carrel.evaluate.scoring import Judged, Reply, judge

DEPTH = 10
"""Minimum number of passages to look at, so that there is a hit@10."""


class Asked(Protocol):
    """Searches and answers: a data folder, or the server that holds it."""

    async def search(self, question: str, scope: Scope) -> Sequence[Source]:
        """Search without a model."""
        ...

    def answer(
        self, messages: Sequence[Message], scope: Scope | None, sampling: SamplingParams
    ) -> AsyncGenerator[ChatEvent]:
        """Answer the last message."""
        ...


@dataclass(frozen=True, slots=True)
class Plan:
    """How each question is asked; without ``answers`` no model is used."""

    scope: Scope
    sampling: SamplingParams
    answers: bool = True


async def ask_all(
    asked: Asked, questions: Sequence[KnownQuestion], plan: Plan
) -> AsyncGenerator[Judged]:
    """Yield the measurements of each question, in order.

    Whatever loads lazily is loaded before the clock starts.

    Raises:
        CarrelError: whatever search or answer raises.
    """
    deep = replace(plan.scope, top_k=max(DEPTH, plan.scope.top_k))
    await _warm_up(asked, questions[0].question, plan)
    for question in questions:
        started = time.perf_counter()
        found = await asked.search(question.question, deep)
        seconds = time.perf_counter() - started
        reply = await _reply(asked, question.question, plan) if plan.answers else None
        yield judge(question, found, seconds, reply)


async def _warm_up(asked: Asked, question: str, plan: Plan) -> None:
    await asked.search(question, plan.scope)
    if plan.answers:
        short = replace(plan, sampling=replace(plan.sampling, max_new_tokens=1))
        await _reply(asked, question, short)


async def _reply(asked: Asked, question: str, plan: Plan) -> Reply:
    started = time.perf_counter()
    text: list[str] = []
    sources: tuple[Source, ...] = ()
    first: float | None = None
    events = asked.answer([Message(Role.USER, question)], plan.scope, plan.sampling)
    async with aclosing(events):
        async for event in events:
            if isinstance(event, TextDelta):
                if first is None and event.text:
                    first = time.perf_counter() - started
                text.append(event.text)
            elif isinstance(event, SourcesCited):
                sources = event.sources
    return Reply("".join(text), sources, first, time.perf_counter() - started)
