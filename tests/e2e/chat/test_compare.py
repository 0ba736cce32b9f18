"""One question to several models, side by side."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from carrel.engine.pool import ModelPool, NamedLoader
from carrel.engine.scripted import ScriptedEngine
from running.browsing import Visit
from running.live_server import FailingEngine, LiveServer

HOSTILE = "<img src=x onerror=alert(1)> and **bold**"


def three_models() -> ModelPool:
    """A quick model, one that never comes to an end, and one that fails."""
    slow = ScriptedEngine(["word " * 2000], name="slow", seconds_per_token=0.02)
    pool = ModelPool(
        [
            NamedLoader("quick", lambda: ScriptedEngine([HOSTILE], name="quick")),
            NamedLoader("slow", lambda: slow),
            NamedLoader("failing", lambda: FailingEngine(1)),
        ]
    )
    pool.wait_until_ready()
    return pool


def choose(visitor: Visit, number: int, name: str) -> None:
    visitor.page.locator(f"#compare-model-{number} input").click()
    visitor.page.get_by_role("option", name=name, exact=True).click()


def test_columns_stream_fail_and_stop_each_by_itself_and_one_continues_as_a_chat(
    start: Callable[..., LiveServer],
    tab: Callable[..., Visit],
    screenshot: Callable[[Visit, str], None],
) -> None:
    visitor = tab(start(pool=three_models(), langchain_mode="LLM"))
    page = visitor.page
    page.locator("#compare-link").click()
    expect(page.locator("#compare-model-1 input")).to_have_value("quick")
    choose(visitor, 3, "failing")
    page.locator("#compare-question textarea").fill("Who <b>are</b> you?")
    page.locator("#compare-question textarea").press("Enter")
    quick, slow, failing = (page.locator(".compare-column").nth(at) for at in range(3))
    expect(failing.locator(".error-line")).to_have_text("The model stopped working.")
    expect(quick.locator("strong")).to_have_text("bold")
    expect(quick.locator(".answer img")).to_have_count(0)
    expect(quick.locator(".figures")).to_contain_text("to first token")
    expect(quick.locator("h3")).to_have_text("quick")
    expect(slow.locator(".answer")).to_contain_text("word word")
    assert visitor.width_overflow() == 0
    screenshot(visitor, "compare-1440-light")
    slow.get_by_role("button", name="Stop").click()
    expect(slow.locator(".state")).to_contain_text("stopped by you")
    expect(page.locator("#compare-go")).to_be_visible()
    quick.get_by_role("button", name="Keep and continue").click()
    expect(page.locator("#chat-view")).to_be_visible()
    expect(page.locator("#current .question")).to_have_text("Who <b>are</b> you?")
    expect(visitor.chats).to_have_count(1)
    visitor.ask_and_wait("And now?")
    expect(visitor.answer).to_contain_text("bold")


def test_a_blind_vote_reveals_the_names_and_ranks_the_models(
    start: Callable[..., LiveServer], tab: Callable[..., Visit]
) -> None:
    pool = ModelPool(
        [
            NamedLoader("left", lambda: ScriptedEngine(["I am on the left."], name="left")),
            NamedLoader("right", lambda: ScriptedEngine(["I am on the right."], name="right")),
        ]
    )
    pool.wait_until_ready()
    visitor = tab(start(pool=pool, langchain_mode="LLM"), "#compare")
    page = visitor.page
    expect(page.locator("#ranking")).to_contain_text("No votes yet")
    page.locator("#compare-blind input").check()
    page.locator("#compare-question textarea").fill("Where are you?")
    page.locator("#compare-go").click()
    heads = page.locator(".compare-column h3")
    expect(page.locator(".vote-bar")).to_be_visible()
    expect(heads).to_have_text(["Model A", "Model B"])
    shown = page.locator(".compare-column .answer").first.inner_text()
    first = "left" if "left" in shown else "right"
    second = "right" if first == "left" else "left"
    page.get_by_role("button", name="A is better").click()
    expect(heads).to_have_text([f"Model A: {first}", f"Model B: {second}"])
    expect(page.locator(".vote-bar")).to_have_count(0)
    expect(page.locator("#ranking tbody th")).to_have_text([first, second])
    with page.expect_download() as download:
        page.get_by_role("link", name="votes.csv").click()
    assert f"{first},{second},a," in download.value.path().read_text(encoding="utf-8")
