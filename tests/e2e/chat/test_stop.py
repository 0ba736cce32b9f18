"""Stop stops: the button, the key, another chat, and closing the tab."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing

import pytest
from playwright.sync_api import expect

from carrel.core.chat import EngineEvent, Message, SamplingParams
from running.browsing import Visit
from running.live_server import LiveServer, WatchedEngine

LONG = "word " * 2000
SECONDS = 30


class SlowToEnd(WatchedEngine):
    """An engine whose first answer, once stopped, ends only when it may."""

    def __init__(self, answers: Sequence[str], seconds_per_token: float) -> None:
        super().__init__(answers, seconds_per_token)
        self.may_end = threading.Event()

    async def generate(
        self, messages: Sequence[Message], sampling: SamplingParams, caller: str = ""
    ) -> AsyncGenerator[EngineEvent]:
        """Yield what the watched engine yields."""
        first = not self.begun.is_set()
        try:
            async with aclosing(super().generate(messages, sampling, caller)) as events:
                async for event in events:
                    yield event
        finally:
            while first and not self.may_end.is_set():
                await asyncio.sleep(0.01)


@pytest.fixture
def engine() -> WatchedEngine:
    """An engine that would write for minutes."""
    return WatchedEngine([LONG, "A short answer."], seconds_per_token=0.05)


@pytest.fixture
def writing(
    engine: WatchedEngine, start: Callable[..., LiveServer], tab: Callable[..., Visit]
) -> Visit:
    """A tab in which an answer is being written."""
    visitor = tab(start(engine, langchain_mode="LLM", max_new_tokens=4000))
    visitor.ask("Tell me a long story.")
    expect(visitor.answer).to_contain_text("word word")
    expect(visitor.stop).to_be_visible()
    return visitor


def assert_stopped_early(engine: WatchedEngine) -> None:
    assert engine.ended.wait(SECONDS)
    assert engine.written < 1000


def test_the_stop_button_ends_the_model_and_keeps_the_text(
    writing: Visit, engine: WatchedEngine
) -> None:
    writing.stop.click()
    expect(writing.state).to_have_text("stopped by you")
    expect(writing.send).to_be_visible()
    expect(writing.stop).to_be_hidden()
    expect(writing.answer).to_contain_text("word word")
    assert_stopped_early(engine)


def test_after_a_stop_the_next_question_is_answered_and_both_are_kept(
    writing: Visit, engine: WatchedEngine
) -> None:
    writing.stop.click()
    expect(writing.state).to_have_text("stopped by you")
    writing.ask_and_wait("And in short?")
    expect(writing.answer).to_have_text("A short answer.")
    writing.reload()
    expect(writing.page.locator("#past .answer")).to_contain_text("word word")
    expect(writing.answer).to_have_text("A short answer.")


def test_escape_stops_the_answer(writing: Visit, engine: WatchedEngine) -> None:
    writing.page.keyboard.press("Escape")
    expect(writing.state).to_have_text("stopped by you")
    assert_stopped_early(engine)


def test_a_new_chat_stops_the_answer_and_is_not_written_into(
    writing: Visit, engine: WatchedEngine
) -> None:
    writing.page.get_by_role("button", name="New chat").click()
    expect(writing.page.locator(".welcome")).to_be_visible()
    assert_stopped_early(engine)
    expect(writing.chats).to_have_text(["Tell me a long story."])
    expect(writing.answer).to_have_count(0)
    writing.ask_and_wait("And in short?")
    expect(writing.answer).to_have_text("A short answer.")
    expect(writing.chats).to_have_text(["And in short?", "Tell me a long story."])


def test_a_question_right_after_a_new_chat_is_asked_while_the_earlier_answer_still_ends(
    start: Callable[..., LiveServer], tab: Callable[..., Visit]
) -> None:
    slow = SlowToEnd([LONG, "A short answer."], seconds_per_token=0.05)
    visitor = tab(start(slow, langchain_mode="LLM", max_new_tokens=4000))
    visitor.ask("Tell me a long story.")
    expect(visitor.answer).to_contain_text("word word")
    visitor.page.get_by_role("button", name="New chat").click()
    expect(visitor.page.locator(".welcome")).to_be_visible()
    visitor.ask("And in short?")
    expect(visitor.page.locator("#current .question")).to_have_text("And in short?")
    slow.may_end.set()
    visitor.wait_until_answered()
    expect(visitor.answer).to_have_text("A short answer.")


def test_closing_the_tab_stops_the_model(writing: Visit, engine: WatchedEngine) -> None:
    writing.page.close()
    assert_stopped_early(engine)


def test_one_visitor_does_not_wait_for_another(
    writing: Visit, engine: WatchedEngine, tab: Callable[..., Visit]
) -> None:
    second = tab(writing.address)
    second.ask_and_wait("And in short?")
    expect(second.answer).to_have_text("A short answer.")
    expect(writing.stop).to_be_visible()
    writing.stop.click()
    assert_stopped_early(engine)
