"""``carrel ask``: answers one question from a collection."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict

from carrel.cli.command import Invocation
from carrel.cli.exit_codes import SUCCESS
from carrel.cli.output.answers import (
    Answer,
    sampling_of,
    scope_of,
    score_line,
    source_lines,
    stream_to_terminal,
)
from carrel.cli.workspace.workspace import open_workspace
from carrel.core.chat import Message, Role
from carrel.core.errors import InvalidRequest


def question_of(invocation: Invocation) -> str:
    """Return the words of the command line as one question.

    Raises:
        InvalidRequest: there are none.
    """
    question = " ".join(invocation.arguments.words).strip()
    if not question:
        raise InvalidRequest('Give a question in quotes: carrel ask "What was the revenue?"')
    return question


async def ask(invocation: Invocation) -> Answer:
    """Print the answer."""
    question = Message(Role.USER, question_of(invocation))
    async with open_workspace(invocation.settings, invocation.server) as workspace:
        events = workspace.answer(
            [question],
            scope_of(invocation),
            sampling_of(invocation.settings),
        )
        return await stream_to_terminal(events, quiet=invocation.is_set("json"))


def run(invocation: Invocation) -> int:
    """Print the answer and its sources."""
    answer = asyncio.run(ask(invocation))
    if invocation.is_set("json"):
        print(
            json.dumps(
                {
                    "answer": answer.text,
                    "sources": [asdict(source) for source in answer.sources],
                    "score": answer.scored.score if answer.scored else None,
                    "score_model": answer.scored.model if answer.scored else None,
                    "finish_reason": answer.finished.reason.value,
                    "model": answer.finished.model,
                    "usage": asdict(answer.finished.usage),
                },
                indent=2,
            )
        )
        return SUCCESS
    if answer.sources:
        print("\nSources:")
        print("\n".join(source_lines(answer.sources)))
    if answer.scored is not None:
        print(f"\n{score_line(answer.scored)}")
    return SUCCESS
