"""An answer that was cut or stopped continues where it ended."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import Locator, expect

from carrel.core.chat import EngineEvent, Message, ModelInfo, Role, SamplingParams
from running.browsing import Visit
from running.live_server import LiveServer, WatchedEngine

WORDS = "one two three four five six seven eight nine ten eleven twelve"
SAID = (
    "Total revenue was 18.4 million euros in 2023. The trust runs three ferries. "
    "Operating costs rose to 15.1 million euros. The pier is made of gold."
)


class AskedEngine(WatchedEngine):
    """Keeps what it was asked."""

    def __init__(self, answers: Sequence[str], seconds_per_token: float = 0.0) -> None:
        super().__init__(answers, seconds_per_token)
        self.asked: list[list[Message]] = []

    async def generate(
        self, messages: Sequence[Message], sampling: SamplingParams, caller: str = ""
    ) -> AsyncGenerator[EngineEvent]:
        """Yield what the watched engine yields."""
        self.asked.append(list(messages))
        async with aclosing(super().generate(messages, sampling, caller)) as events:
            async for event in events:
                yield event


class AnsweringAnew(WatchedEngine):
    """Cannot continue an answer."""

    @property
    def info(self) -> ModelInfo:
        """The engine's name and that it cannot."""
        return replace(super().info, continues=False)


def continue_button(visitor: Visit) -> Locator:
    return visitor.page.locator("#current").get_by_role("button", name="Continue", exact=True)


def most_tokens(visitor: Visit, count: int) -> None:
    panel = visitor.page.locator("#answer-settings")
    if not panel.is_visible():
        visitor.page.get_by_role("button", name="Answer settings").click()
    panel.get_by_label("Max new tokens").fill(str(count))


def test_a_cut_answer_continues_as_the_same_answer(
    start: Callable[..., LiveServer],
    tab: Callable[..., Visit],
    screenshot: Callable[[Visit, str], None],
) -> None:
    engine = AskedEngine([WORDS])
    server = start(engine, langchain_mode="LLM", max_new_tokens=4)
    visitor = tab(server)
    visitor.ask_and_wait("Count, please.")
    expect(visitor.answer).to_have_text("one two three four")
    expect(visitor.state).to_contain_text("cut")
    screenshot(visitor, "continue")
    continue_button(visitor).click()
    expect(visitor.answer).to_have_text("one two three four five six seven eight")
    expect(visitor.state).to_contain_text("cut")
    question, beginning = engine.asked[-1]
    assert question.content == "Count, please."
    assert (beginning.role, beginning.unfinished) == (Role.ASSISTANT, True)
    assert beginning.content == "one two three four"

    visitor.reload()
    expect(visitor.answer).to_have_text("one two three four five six seven eight")
    expect(visitor.page.locator(".versions")).to_have_count(0)
    continue_button(visitor).click()
    expect(visitor.answer).to_have_text(WORDS)
    visitor.wait_until_answered()
    expect(continue_button(visitor)).to_have_count(0)
    expect(visitor.state).not_to_contain_text("cut")
    visitor.reload()
    expect(visitor.answer).to_have_text(WORDS)
    expect(continue_button(visitor)).to_have_count(0)
    expect(visitor.chats).to_have_count(1)


def test_only_the_last_answer_continues(
    start: Callable[..., LiveServer], tab: Callable[..., Visit]
) -> None:
    visitor = tab(start(AskedEngine([WORDS]), langchain_mode="LLM", max_new_tokens=4))
    visitor.ask_and_wait("Count, please.")
    visitor.ask_and_wait("And again?")
    expect(continue_button(visitor)).to_be_visible()
    past = visitor.page.locator("#past").get_by_role("button", name="Continue", exact=True)
    expect(past).to_have_count(0)


def test_a_stopped_answer_continues_and_is_stopped_again(
    start: Callable[..., LiveServer], tab: Callable[..., Visit]
) -> None:
    text = " ".join(f"word{number}" for number in range(400))
    visitor = tab(start(AskedEngine([text], seconds_per_token=0.05), langchain_mode="LLM"))
    visitor.ask("Count, please.")
    expect(visitor.answer).to_contain_text("word2 ")
    visitor.stop.click()
    expect(visitor.state).to_contain_text("stopped by you")
    first = visitor.answer.inner_text()
    continue_button(visitor).click()
    expect(visitor.stop).to_be_visible()
    expect(visitor.answer).to_contain_text(f"word{len(first.split()) + 3} ")
    visitor.stop.click()
    expect(visitor.state).to_contain_text("stopped by you")
    expect(continue_button(visitor)).to_be_visible()
    second = visitor.answer.inner_text()
    assert text.startswith(second)
    assert second.startswith(first)
    visitor.reload()
    expect(visitor.answer).to_have_text(second)
    expect(visitor.state).to_have_text("stopped by you")


def test_an_answer_from_documents_continues_with_the_same_sources(
    start: Callable[..., LiveServer],
    tab: Callable[..., Visit],
    screenshot: Callable[[Visit, str], None],
    report: Path,
) -> None:
    engine = AskedEngine([SAID], seconds_per_token=0.02)
    visitor = tab(start(engine, evidence="passages", max_new_tokens=9), "#documents")
    visitor.upload([report])
    visitor.open()
    visitor.ask_and_wait("What was the total revenue?")
    expect(visitor.state).to_contain_text("cut")
    files = visitor.page.locator("#current .source-file")
    given = sorted(files.all_text_contents())
    asked = engine.asked[-1]
    visitor.reload()
    # What is chosen now says nothing of where the answer came from.
    visitor.ask_only("No documents")
    continue_button(visitor).click()
    expect(visitor.answer).to_contain_text("three ferries")
    visitor.wait_until_answered()
    assert engine.asked[-1][:-1] == asked
    continue_button(visitor).click()
    expect(visitor.page.locator("#current .unsupported").first).to_contain_text("made of gold")
    marks = visitor.page.locator("#current .answer .cite-mark")
    assert marks.count() >= 3
    assert sorted(files.all_text_contents()) == given
    text = visitor.answer.inner_text()
    screenshot(visitor, "continued-from-documents")
    visitor.reload()
    expect(visitor.page.locator("#current .answer .cite-mark")).to_have_count(marks.count())
    assert visitor.answer.inner_text() == text


def test_a_stopped_answer_from_documents_keeps_its_sources(
    start: Callable[..., LiveServer], tab: Callable[..., Visit], report: Path
) -> None:
    engine = AskedEngine([SAID], seconds_per_token=0.1)
    visitor = tab(start(engine, evidence="passages"), "#documents")
    visitor.upload([report])
    visitor.open()
    visitor.ask("What was the total revenue?")
    expect(visitor.answer).to_contain_text("three")
    visitor.stop.click()
    expect(visitor.state).to_contain_text("stopped by you")
    expect(visitor.sources.first).to_be_visible()
    visitor.reload()
    expect(visitor.sources.first).to_be_visible()
    continue_button(visitor).click()
    visitor.wait_until_answered()
    expect(visitor.answer).to_contain_text("made of gold.")
    assert engine.asked[-1][:-1] == engine.asked[0]


def test_it_is_not_offered_where_the_model_would_answer_again(
    start: Callable[..., LiveServer], tab: Callable[..., Visit]
) -> None:
    visitor = tab(start(AnsweringAnew([WORDS]), langchain_mode="LLM", max_new_tokens=4))
    visitor.ask_and_wait("Count, please.")
    expect(visitor.state).to_contain_text("cut")
    expect(continue_button(visitor)).to_have_count(0)


def test_it_speaks_german_and_fits_phones(
    start: Callable[..., LiveServer],
    tab: Callable[..., Visit],
    screenshot: Callable[[Visit, str], None],
) -> None:
    server = start(AskedEngine([WORDS]), langchain_mode="LLM", max_new_tokens=4)
    visitor = tab(server, width=390, height=844, dark=True)
    visitor.page.evaluate("localStorage.setItem('carrel-language', 'de')")
    visitor.reload()
    visitor.ask_and_wait("Count, please.")
    expect(visitor.page.locator("[data-action=continue_answer]")).to_have_text("Weiterschreiben")
    box = visitor.page.locator("[data-action=continue_answer]").bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= 44
    assert visitor.width_overflow() == 0
    screenshot(visitor, "continue-390-dark")


def test_the_line_of_tokens_follows_the_chat(
    start: Callable[..., LiveServer], tab: Callable[..., Visit]
) -> None:
    visitor = tab(start(AskedEngine([WORDS, "one"]), langchain_mode="LLM"))
    button = visitor.page.locator("#answer-settings-button")
    expect(button).to_have_attribute("aria-expanded", "false")
    button.click()
    expect(button).to_have_attribute("aria-expanded", "true")
    tokens = visitor.page.locator("#answer-tokens")
    expect(tokens).to_contain_text("counted with the next answer")
    visitor.ask_and_wait("Count, please.")
    expect(tokens).to_contain_text("17 of 8,192 tokens")
    visitor.page.locator("#current").get_by_role("button", name="Answer again").click()
    expect(visitor.answer).to_have_text("one")
    expect(tokens).to_contain_text("6 of 8,192 tokens")
    visitor.page.locator("#new-chat").click()
    expect(tokens).to_contain_text("counted with the next answer")
    visitor.chats.first.click()
    expect(visitor.answer).to_have_text("one")
    expect(tokens).to_contain_text("counted with the next answer")
