"""Prompts that were counted and are about to be answered."""

from __future__ import annotations

from carrel.core.chat import Message, Role
from carrel.engine.text.counted_prompts import CountedPrompts


def prompt(text: str) -> list[Message]:
    return [Message(Role.USER, text)]


def test_a_counted_prompt_is_taken_once() -> None:
    counted = CountedPrompts()
    counted.put(prompt("one"), [1, 2])
    assert counted.take(prompt("two")) is None
    assert counted.take(prompt("one")) == [1, 2]
    assert counted.take(prompt("one")) is None


def test_the_same_words_of_another_speaker_are_another_prompt() -> None:
    counted = CountedPrompts()
    counted.put([Message(Role.SYSTEM, "one")], [1])
    assert counted.take(prompt("one")) is None


def test_the_oldest_go_when_there_is_no_space() -> None:
    counted = CountedPrompts(most_tokens=5)
    counted.put(prompt("one"), [1, 2])
    counted.put(prompt("two"), [1, 2, 3])
    counted.put(prompt("one"), [4, 5])  # counted again, and so the newest
    counted.put(prompt("three"), [6])
    assert counted.take(prompt("two")) is None
    assert counted.take(prompt("one")) == [4, 5]
    assert counted.take(prompt("three")) == [6]


def test_a_prompt_beyond_the_limit_is_not_kept() -> None:
    counted = CountedPrompts(most_tokens=2)
    counted.put(prompt("long"), [1, 2, 3])
    assert counted.take(prompt("long")) is None
