"""Rewrites a follow-up question to a standalone query: by a large model, or by a rule."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass

from carrel.core.chat import Message, Role, SamplingParams, TextDelta
from carrel.core.errors import CarrelError
from carrel.core.protocols.adapters import Engine
from carrel.services.chat.follow_up_rule import Turn, standalone_question
from carrel.services.model_size import is_large_or_remote
from carrel.services.text.words import WordForm, words
from carrel.settings.document_settings import FollowUpWay

TURNS = 4
"""Maximum number of previous turns."""

LONGEST_QUERY = 300
LONGEST_ANSWER = 300
"""Maximum characters of a rewritten question, and of each answer shown to the model."""

LEAST_KNOWN = 0.5
"""Minimum share of a rewritten question's words that must occur in the conversation."""

INSTRUCTION = (
    "Rewrite the last question of this conversation so that it can be understood without the "
    "conversation: replace pronouns and add what it leaves out. Change nothing else. Do not answer "
    "it. If it is complete already, repeat it. Reply with the question alone, on one line."
)

_LABEL = re.compile(
    r"^(?:(?:rewritten|stand-?alone|last|final|new)\s+)?(?:question|query|answer)\s*:\s*", re.I
)


@dataclass(frozen=True, slots=True)
class Rewriting:
    """Rewrites the last question of a conversation to a standalone query."""

    way: FollowUpWay = FollowUpWay.AUTO

    async def query(self, messages: Sequence[Message], engine: Engine, caller: str = "") -> str:
        """Return the query: the last message itself if it is complete.

        The model sees questions and answers, never documents, and its output is used only as a
        query. If it fails or its output is unusable, the rule decides.
        """
        question = messages[-1].content
        turns = turns_of(messages[:-1])[-TURNS:]
        if self.way is FollowUpWay.NEVER or not turns:
            return question
        if self._asks_model(engine):
            written = await _by_model(question, turns, engine, caller)
            if written is not None:
                return written
        return standalone_question(question, turns)

    def _asks_model(self, engine: Engine) -> bool:
        if self.way is not FollowUpWay.AUTO:
            return self.way is FollowUpWay.MODEL
        return is_large_or_remote(engine.info)


def turns_of(messages: Sequence[Message]) -> list[Turn]:
    """Return the questions of a history, each with its answer."""
    turns: list[Turn] = []
    for message in messages:
        if message.role is Role.USER:
            turns.append(Turn(message.content))
        elif message.role is Role.ASSISTANT and turns and not turns[-1].answer:
            turns[-1] = Turn(turns[-1].question, message.content)
    return turns


def prompt_of(question: str, turns: Sequence[Turn]) -> list[Message]:
    """Return the prompt: the instruction, and the conversation as one text."""
    lines = []
    for turn in turns:
        lines.append(f"Question: {_one_line(turn.question)[:LONGEST_QUERY]}")
        lines.append(f"Answer: {_one_line(turn.answer)[:LONGEST_ANSWER]}")
    lines.append(f"Last question: {_one_line(question)}")
    return [Message(Role.SYSTEM, INSTRUCTION), Message(Role.USER, "\n".join(lines))]


def usable(written: str, question: str, turns: Sequence[Turn]) -> str | None:
    """Return the model's output as a query; None if it is not a question of this conversation.

    It must be one line of bounded length with most of its words from the conversation: a model
    that answers, chats, or follows an instruction produces other words.
    """
    lines = [line.strip() for line in written.strip().splitlines() if line.strip()]
    if not lines:
        return None
    query = _LABEL.sub("", lines[0]).strip(" \"'`*“”")
    said = " ".join([question, *(f"{each.question} {each.answer}" for each in turns)])
    known, own = set(words(said, WordForm.PLAIN)), words(query, WordForm.PLAIN)
    if not own or len(query) > max(LONGEST_QUERY, 2 * len(question)):
        return None
    return query if sum(word in known for word in own) / len(own) >= LEAST_KNOWN else None


async def _by_model(
    question: str, turns: Sequence[Turn], engine: Engine, caller: str
) -> str | None:
    sampling = SamplingParams(max_new_tokens=96, stop=("\n",))
    try:
        async with aclosing(
            engine.generate(prompt_of(question, turns), sampling, caller)
        ) as events:
            text = "".join([each.text async for each in events if isinstance(each, TextDelta)])
    except CarrelError:
        # The same failure occurs for the answer itself, and is reported there.
        return None
    return usable(text, question, turns)


def _one_line(text: str) -> str:
    return " ".join(text.split())
