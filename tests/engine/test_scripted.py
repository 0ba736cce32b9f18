from __future__ import annotations

from contextlib import aclosing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrel.core.chat import Message, Role, SamplingParams, TextDelta
from carrel.engine.scripted import ScriptedEngine, split_tokens


async def text(engine: ScriptedEngine, question: str) -> str:
    messages = [Message(Role.SYSTEM, "Be brief."), Message(Role.USER, question)]
    async with aclosing(engine.generate(messages, SamplingParams())) as events:
        return "".join([event.text async for event in events if isinstance(event, TextDelta)])


@given(st.text())
def test_tokens_join_to_the_text(given_text: str) -> None:
    assert "".join(split_tokens(given_text)) == given_text


async def test_answers_are_played_in_turn_and_again() -> None:
    engine = ScriptedEngine(["one", "two"])
    assert [await text(engine, "?") for _ in range(3)] == ["one", "two", "one"]


async def test_without_answers_the_question_is_echoed() -> None:
    assert await text(ScriptedEngine(), "What is a carrel?") == "You asked: What is a carrel?"
    assert await text(ScriptedEngine(), "x" * 500) == "You asked: " + "x" * 200


@pytest.mark.parametrize("length", [1, 9, 100])
async def test_long_words_are_several_tokens(length: int) -> None:
    engine = ScriptedEngine()
    counted = await engine.count_tokens([Message(Role.USER, "x" * length)])
    assert counted == 3 + -(-length // 8)


async def test_an_unfinished_answer_is_continued() -> None:
    engine = ScriptedEngine(["Another.", "One two three."])
    begun = Message(Role.ASSISTANT, "One two", unfinished=True)
    events = engine.generate([Message(Role.USER, "Count."), begun], SamplingParams())
    assert [each.text async for each in events if isinstance(each, TextDelta)] == [" three."]
