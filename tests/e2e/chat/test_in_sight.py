"""The newest answer is in sight, without scrolling: asked, written, opened again, done again."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import suppress

import pytest
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from playwright.sync_api import expect

from carrel.core.chat import (
    EngineEvent,
    Finished,
    FinishReason,
    Message,
    SamplingParams,
    TextDelta,
    Usage,
)
from carrel.engine.scripted import ScriptedEngine
from repetitions import Repetitions, thorough
from running.browsing import PATIENCE, Visit
from running.live_server import LiveServer, WatchedEngine

SENTENCE = "The ferries of the trust carried more people than in the year before. "
SHORT = "The revenue was **18.4 million euros**."
WINDOWS = {"desktop": (1440, 900), "phone": (390, 844), "keyboard": (390, 420)}
IMMEDIATE, SLOW = 0.0, 0.02
"""Seconds that a word takes."""

LONG_QUESTION = "Please consider all of the following before you answer. " + SENTENCE * 30

BEGINNING = """() => {
  const edges = (selector) => document.querySelector(selector)?.getBoundingClientRect();
  const [view, answer] = [edges("#reading"), edges("#current .answer")];
  const question = edges("#current .question, #current .edit form:not([hidden])");
  if (!question || !answer) return null;
  return {
    view: [Math.round(view.top), Math.round(view.bottom)],
    question: [Math.round(question.top), Math.round(question.bottom)],
    answer: [Math.round(answer.top), Math.round(answer.bottom)],
  };
}"""
QUESTION_AND_BEGINNING = f"""() => {{
  const places = ({BEGINNING})();
  if (!places) return false;
  const {{ view, question, answer }} = places;
  return question[0] >= view[0] && answer[0] + 24 <= view[1];
}}"""
END = f"""() => {{
  const places = ({BEGINNING})();
  return places && places.answer[1] > places.view[0] && places.answer[1] <= places.view[1];
}}"""
STILL = "() => new Promise((done) => setTimeout(() => requestAnimationFrame(done), 150))"


class Dictated(ScriptedEngine):
    """Writes given text on request."""

    def __init__(self) -> None:
        super().__init__(name="dictated")
        self._parts: queue.Queue[str | FinishReason] = queue.Queue()

    def say(self, text: str) -> None:
        """Write this next."""
        self._parts.put(text)

    def end(self, reason: FinishReason = FinishReason.STOP) -> None:
        """End the answer."""
        self._parts.put(reason)

    async def generate(
        self, messages: Sequence[Message], sampling: SamplingParams, caller: str = ""
    ) -> AsyncGenerator[EngineEvent]:
        """Yield the parts as they come."""
        del messages, sampling, caller
        while True:
            part = await asyncio.to_thread(self._parts.get, timeout=60)
            if isinstance(part, FinishReason):
                break
            yield TextDelta(part)
        yield Finished(part, Usage(1, 1), self.info.name)


def write_paragraph(visitor: Visit, engine: Dictated, number: int, sentences: int = 1) -> None:
    """Have a paragraph written, and wait until it is shown."""
    engine.say(f"This is paragraph {number}. {SENTENCE * sentences}\n\n")
    expect(visitor.answer).to_contain_text(f"paragraph {number}.")


def holds(visitor: Visit, condition: str) -> None:
    """Wait until something is in sight, and see that it stays there."""
    with suppress(PlaywrightTimeout):
        visitor.page.wait_for_function(condition, timeout=PATIENCE)
    visitor.page.evaluate(STILL)
    assert visitor.page.evaluate(condition), visitor.page.evaluate(BEGINNING)


def slow_down(visitor: Visit, times: int = 4) -> None:
    """Give the tab a fraction of the processor."""
    session = visitor.page.context.new_cdp_session(visitor.page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": times})


def with_documents(server: LiveServer) -> LiveServer:
    """Give the server documents that fill several places below an answer."""
    with server.client() as client:
        for number in range(6):
            text = f"The revenue of year {number} was {number} million euros. {SENTENCE * 6}"
            body = {"name": f"report {number}.txt", "text": text}
            answer = client.post("/v1/collections/UserData/documents?wait=true", json=body)
            answer.raise_for_status()
    return server


@pytest.mark.parametrize(
    ("window", "pace"),
    [
        ("desktop", IMMEDIATE),
        ("phone", SLOW),
        ("keyboard", IMMEDIATE),
        thorough("desktop", SLOW),
        thorough("phone", IMMEDIATE),
        thorough("keyboard", SLOW),
    ],
)
def test_each_question_and_the_chat_opened_again(
    start: Callable[..., LiveServer],
    tab: Callable[..., Visit],
    window: str,
    pace: float,
    repetitions: Repetitions,
) -> None:
    width, height = WINDOWS[window]
    server = with_documents(start(WatchedEngine([SHORT], seconds_per_token=pace)))
    visitor = tab(server, width=width, height=height)
    slow_down(visitor)
    # From the second question on it went wrong.
    count = repetitions(3, thorough=10)
    for number in range(count):
        visitor.ask_and_wait(f"What was the revenue of year {number}?")
        expect(visitor.sources.first).to_be_attached()
        holds(visitor, QUESTION_AND_BEGINNING)
    visitor.reload()
    expect(visitor.page.locator("#current .question")).to_contain_text(f"year {count - 1}")
    holds(visitor, QUESTION_AND_BEGINNING)

    if width < 700:
        visitor.page.get_by_role("button", name="Open the menu").click()
    visitor.page.locator("#new-chat").click()
    expect(visitor.page.locator(".welcome")).to_be_visible()
    if width < 700:
        visitor.page.get_by_role("button", name="Open the menu").click()
    visitor.chats.first.click()
    expect(visitor.page.locator("#current .question")).to_contain_text(f"year {count - 1}")
    holds(visitor, QUESTION_AND_BEGINNING)
    visitor.page.evaluate("location.hash = '#documents'")
    expect(visitor.page.locator("#documents-view")).to_be_visible()
    visitor.page.go_back()
    expect(visitor.answer).to_be_visible()
    holds(visitor, QUESTION_AND_BEGINNING)


@pytest.mark.parametrize("window", WINDOWS)
def test_a_long_answer_that_comes_at_once_is_read_from_its_beginning(
    start: Callable[..., LiveServer], tab: Callable[..., Visit], window: str
) -> None:
    width, height = WINDOWS[window]
    engine = WatchedEngine([f"{SENTENCE * 4}\n\n" * 12])
    visitor = tab(
        start(engine, langchain_mode="LLM", max_new_tokens=4096), width=width, height=height
    )
    for number in range(2):
        visitor.ask_and_wait(f"What is number {number}?")
        holds(visitor, QUESTION_AND_BEGINNING)


def asked_before(visitor: Visit, engine: Dictated) -> None:
    """Have a chat with an answer of several windows' height."""
    engine.say(f"{SENTENCE * 4}\n\n" * 12)
    engine.end()
    visitor.ask_and_wait("What is the first thing?")


@pytest.mark.parametrize("window", WINDOWS)
def test_the_end_of_an_answer_is_followed_until_the_reader_scrolls_up(
    start: Callable[..., LiveServer],
    tab: Callable[..., Visit],
    window: str,
    repetitions: Repetitions,
) -> None:
    width, height = WINDOWS[window]
    engine = Dictated()
    # Few long ones or many short ones: they are higher than each window.
    count = repetitions(8, thorough=24)
    sentences = 24 // count
    visitor = tab(start(engine, langchain_mode="LLM"), width=width, height=height)
    reading = visitor.page.locator("#reading")
    asked_before(visitor, engine)

    visitor.ask("What is the second thing?")
    expect(visitor.state).to_be_in_viewport()
    expect(visitor.page.locator("#current .question")).to_be_in_viewport()
    for number in range(count):
        write_paragraph(visitor, engine, number, sentences)
        holds(visitor, END)

    reading.hover()
    visitor.page.mouse.wheel(0, -60)
    visitor.page.evaluate(STILL)
    before = reading.evaluate("each => each.scrollTop")
    for number in range(count, count + 6):
        write_paragraph(visitor, engine, number)
    visitor.page.evaluate(STILL)
    assert reading.evaluate("each => each.scrollTop") == pytest.approx(before, abs=1)

    visitor.page.mouse.wheel(0, 10000)
    visitor.page.wait_for_function(END)
    for number in range(count + 6, count + 8):
        write_paragraph(visitor, engine, number)
        holds(visitor, END)
    engine.end()
    visitor.wait_until_answered()
    holds(visitor, END)

    visitor.page.mouse.wheel(0, -10000)
    engine.say(SHORT)
    engine.end()
    visitor.ask_and_wait("What is the third thing?")
    holds(visitor, QUESTION_AND_BEGINNING)


def test_a_question_longer_than_the_window_leaves_space_for_its_answer(
    start: Callable[..., LiveServer], tab: Callable[..., Visit]
) -> None:
    engine = Dictated()
    visitor = tab(start(engine, langchain_mode="LLM"), width=390, height=420)
    asked_before(visitor, engine)
    visitor.ask(LONG_QUESTION.strip())
    expect(visitor.state).to_be_in_viewport(ratio=1)
    engine.say(SHORT)
    expect(visitor.answer).to_contain_text("euros")
    holds(visitor, END)
    engine.end()
    visitor.wait_until_answered()
    holds(visitor, END)


def test_what_is_done_again_is_in_sight(
    start: Callable[..., LiveServer], tab: Callable[..., Visit]
) -> None:
    long = f"{SENTENCE * 4}\n\n" * 12
    visitor = tab(start(WatchedEngine([long]), langchain_mode="LLM", max_new_tokens=4096))
    for number in range(3):
        visitor.ask_and_wait(f"What is number {number}?")
    button = visitor.page.locator("#current").get_by_role("button", name="Answer again")
    button.click()
    expect(visitor.page.locator("#current .versions > span")).to_have_text("2 of 2")
    visitor.wait_until_answered()
    holds(visitor, QUESTION_AND_BEGINNING)

    visitor.page.locator("#current").get_by_role("button", name="Edit the question").click()
    box = visitor.page.locator("#current").get_by_label("The question, edited")
    box.fill("What else is number two?")
    box.press("Enter")
    expect(visitor.page.locator("#current .question")).to_have_text("What else is number two?")
    visitor.wait_until_answered()
    holds(visitor, QUESTION_AND_BEGINNING)

    # The first question: what followed goes to the other version of the chat.
    first = visitor.page.locator("#past .exchange").first
    first.get_by_role("button", name="Answer again").click()
    expect(visitor.page.locator("#past .exchange")).to_have_count(0)
    visitor.wait_until_answered()
    holds(visitor, QUESTION_AND_BEGINNING)


@pytest.mark.parametrize("at_once", [False, True], ids=["later", "at once"])
def test_the_end_of_an_answer_that_continues_is_followed(
    start: Callable[..., LiveServer],
    tab: Callable[..., Visit],
    repetitions: Repetitions,
    at_once: bool,
) -> None:
    engine = Dictated()
    visitor = tab(start(engine, langchain_mode="LLM"))
    asked_before(visitor, engine)
    if at_once:
        # To the page's script, the reader clicks in the moment in which the answer came.
        visitor.page.evaluate("performance.now = () => 0")
    engine.say(f"{SENTENCE * 4}\n\n" * 12)
    engine.end(FinishReason.LENGTH)
    visitor.ask_and_wait("What is the second thing?")
    holds(visitor, QUESTION_AND_BEGINNING)
    button = visitor.page.locator("#current").get_by_role("button", name="Continue", exact=True)
    # As a reader does it: first to the end of the answer, and then the click.
    button.scroll_into_view_if_needed()
    visitor.page.evaluate(STILL)
    button.click()
    count = repetitions(4, thorough=12)
    for number in range(count):
        write_paragraph(visitor, engine, number, 12 // count)
        holds(visitor, END)
    engine.end()
    visitor.wait_until_answered()
    holds(visitor, END)


@pytest.mark.parametrize("way", ["to the end", "back"])
def test_a_scroll_is_kept_where_the_page_changes_before_its_event(
    start: Callable[..., LiveServer], tab: Callable[..., Visit], way: str
) -> None:
    engine = Dictated()
    visitor = tab(start(engine, langchain_mode="LLM"))
    asked_before(visitor, engine)
    holds(visitor, QUESTION_AND_BEGINNING)
    # Observers of the content run at the end of this task, the event with the next frame.
    scrolled = visitor.page.evaluate(
        """(place) => {
          const reading = document.querySelector("#reading");
          reading.scrollTop = place === "back" ? 60 : reading.scrollHeight;
          document.querySelector("#current").append(document.createElement("i"));
          return reading.scrollTop;
        }""",
        way,
    )
    visitor.page.evaluate(STILL)
    reading = visitor.page.locator("#reading")
    assert scrolled > 0
    assert reading.evaluate("each => each.scrollTop") == pytest.approx(scrolled, abs=1)
