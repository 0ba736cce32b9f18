"""The panel that sets how answers are made, for the tab."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace

from playwright.sync_api import expect

from carrel.core.chat import EngineEvent, Message, Role, SamplingParams, SuggestedSampling
from running.browsing import Visit
from running.live_server import LiveServer, WatchedEngine


class AskedEngine(WatchedEngine):
    """Keeps what it was asked, and how it was to answer."""

    def __init__(self) -> None:
        super().__init__(["Brief."])
        self.asked: list[tuple[Sequence[Message], SamplingParams]] = []

    def generate(
        self, messages: Sequence[Message], sampling: SamplingParams, caller: str = ""
    ) -> AsyncGenerator[EngineEvent]:
        """Yield what the watched engine yields."""
        self.asked.append((messages, sampling))
        return super().generate(messages, sampling, caller)


def test_what_is_set_reaches_the_model(
    start: Callable[..., LiveServer],
    tab: Callable[..., Visit],
    screenshot: Callable[..., None],
) -> None:
    engine = AskedEngine()
    visitor = tab(start(engine, langchain_mode="LLM"))
    panel = visitor.page.locator("#answer-settings")
    expect(panel).to_be_hidden()
    visitor.page.get_by_role("button", name="Answer settings").click()
    expect(panel).to_be_visible()
    panel.get_by_label("Temperature").fill("3")
    visitor.ask("Hello?")
    expect(visitor.page.locator("#notice")).to_contain_text("should be less than or equal to 2")

    panel.get_by_label("System prompt").fill("Answer in one word.")
    panel.get_by_label("Temperature").fill("0.7")
    panel.get_by_label("Max new tokens").fill("20")
    visitor.ask_and_wait("Hello there?")
    messages, sampling = engine.asked[-1]
    assert (messages[0].role, messages[0].content) == (Role.SYSTEM, "Answer in one word.")
    assert (sampling.temperature, sampling.max_new_tokens) == (0.7, 20)
    expect(panel.locator("#answer-tokens")).to_contain_text(" tokens")
    screenshot(visitor, "answer-settings")
    visitor.page.set_viewport_size({"width": 390, "height": 844})
    assert visitor.width_overflow() == 0
    screenshot(visitor, "answer-settings-390")
    visitor.page.set_viewport_size({"width": 1440, "height": 900})

    panel.get_by_role("button", name="Reset to defaults").click()
    expect(panel.get_by_label("Temperature")).to_have_value("0")
    expect(panel.get_by_label("System prompt")).to_have_value("")
    visitor.page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(visitor.page.get_by_role("button", name="Answer settings")).to_be_focused()


def test_compared_models_get_the_same_settings(
    start: Callable[..., LiveServer],
    tab: Callable[..., Visit],
    screenshot: Callable[..., None],
) -> None:
    engine = AskedEngine()
    visitor = tab(start(engine, langchain_mode="LLM"), width=390, height=844, dark=True)
    page = visitor.page
    page.get_by_role("button", name="Answer settings").click()
    panel = page.locator("#answer-settings")
    panel.get_by_label("System prompt").fill("Answer in one word.")
    panel.get_by_label("Max new tokens").fill("20")
    page.get_by_role("button", name="Open the menu").click()
    page.locator("#compare-link").click()
    expect(page.locator("#scope-line")).to_contain_text("What is asked: No documents")
    page.locator("#compare-temperature-2 input").fill("0.5")
    page.locator("#compare-question textarea").fill("Hello?")
    page.locator("#compare-question textarea").press("Enter")
    expect(page.locator("#compare-go")).to_be_visible()
    expect(page.locator(".compare-column .answer")).to_have_text(["Brief.", "Brief."])
    screenshot(visitor, "compare-390-dark")
    assert visitor.width_overflow() == 0
    for messages, sampling in engine.asked:
        assert (messages[0].role, messages[0].content) == (Role.SYSTEM, "Answer in one word.")
        assert sampling.max_new_tokens == 20
    assert sorted(sampling.temperature for _, sampling in engine.asked) == [0, 0.5]
    page.locator("#scope-line").get_by_role("button", name="Change").click()
    expect(visitor.scope).to_be_visible()


class SuggestingEngine(WatchedEngine):
    """Has makers who say how it is sampled."""

    def __init__(self) -> None:
        super().__init__(["Brief."])
        self._info = replace(self._info, suggested=SuggestedSampling(temperature=0.6, top_p=0.95))


def test_what_a_model_suggests_is_one_click_away(
    start: Callable[..., LiveServer], tab: Callable[..., Visit]
) -> None:
    visitor = tab(start(SuggestingEngine(), langchain_mode="LLM"))
    visitor.page.get_by_role("button", name="Answer settings").click()
    panel = visitor.page.locator("#answer-settings")
    panel.get_by_label("Repetition penalty").fill("1.5")
    panel.get_by_role("button", name="As the model suggests").click()
    expect(panel.get_by_label("Temperature")).to_have_value("0.6")
    expect(panel.get_by_label("Top p")).to_have_value("0.95")
    expect(panel.get_by_label("Repetition penalty")).to_have_value("1")


def test_a_model_that_suggests_nothing_offers_nothing(
    start: Callable[..., LiveServer], tab: Callable[..., Visit]
) -> None:
    visitor = tab(start(AskedEngine(), langchain_mode="LLM"))
    visitor.page.get_by_role("button", name="Answer settings").click()
    expect(visitor.page.get_by_role("button", name="Reset to defaults")).to_be_visible()
    expect(visitor.page.get_by_role("button", name="As the model suggests")).to_be_hidden()
