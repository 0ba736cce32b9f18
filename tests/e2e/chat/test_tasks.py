"""Beside asking: documents summarised, extracted from and searched, as turns of the chat."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from running.browsing import Visit
from running.live_server import LiveServer, WatchedEngine

WRITTEN = "The trust runs three ferries. Total revenue was 18.4 million euros in 2023."


def choose(page: Page, action: str) -> None:
    page.locator("#action input").click()
    page.get_by_role("option", name=action, exact=True).click()
    expect(page.locator("#action input")).to_have_value(action)


def test_documents_are_summarised_extracted_from_and_searched_in_the_chat(
    start: Callable[..., LiveServer],
    tab: Callable[..., Visit],
    screenshot: Callable[[Visit, str], None],
    report: Path,
) -> None:
    visitor = tab(start(WatchedEngine([WRITTEN]), summary_style="excerpts"), "#documents")
    page, current = visitor.page, visitor.page.locator("#current")
    visitor.upload([report])
    page.get_by_role("button", name="New chat").click()

    choose(page, "Summarise")
    expect(visitor.send).to_have_text("Summarise")
    expect(visitor.question).to_have_attribute("placeholder", "Topic to focus on (optional)…")
    visitor.send.click()
    expect(current.locator(".question")).to_have_text("Summarise UserData")
    visitor.wait_until_answered()
    expect(visitor.state).to_contain_text("the documents' own sentences")
    marks = visitor.answer.locator(".cite-mark")
    expect(marks.first).to_be_visible()
    expect(current.locator(".unsupported")).to_have_count(0)
    marks.first.click()
    expect(page.locator("#viewer-content")).to_contain_text(report.name)
    screenshot(visitor, "task-summary")
    page.keyboard.press("Escape")

    choose(page, "Extract")
    visitor.ask("revenue")
    expect(current.locator(".question")).to_have_text("Extract from UserData: revenue")
    visitor.wait_until_answered()
    expect(visitor.answer.locator("li").filter(has_text="18.4 million euros")).to_be_visible()
    expect(visitor.answer.locator(".cite-mark").first).to_be_visible()
    screenshot(visitor, "task-extraction")

    choose(page, "Search")
    visitor.ask("Morning Star")
    expect(current.locator(".question")).to_have_text("Search UserData: Morning Star")
    visitor.wait_until_answered()
    expect(visitor.answer).to_have_count(0)
    expect(visitor.sources.first).to_contain_text("A fourth ferry, the Morning Star")
    screenshot(visitor, "task-search")

    # All of it is there again, and the search can be changed in place.
    visitor.reload()
    expect(page.locator(".question")).to_have_text(
        ["Summarise UserData", "Extract from UserData: revenue", "Search UserData: Morning Star"]
    )
    expect(visitor.sources.first).to_contain_text("A fourth ferry, the Morning Star")
    expect(page.locator("#past .cite-mark").first).to_be_visible()
    current.get_by_role("button", name="Edit the question").click()
    box = current.get_by_label("The question, edited")
    expect(box).to_have_value("Morning Star")
    box.fill("operating costs")
    box.press("Enter")
    expect(current.locator(".question")).to_have_text("Search UserData: operating costs")
    visitor.wait_until_answered()
    expect(visitor.sources.first).to_contain_text("Operating costs rose")
    expect(current.locator(".versions")).to_contain_text("2 of 2")


def test_a_model_writes_the_summary_and_is_stopped(
    start: Callable[..., LiveServer], tab: Callable[..., Visit], report: Path
) -> None:
    engine = WatchedEngine([WRITTEN], seconds_per_token=0.3)
    visitor = tab(start(engine, summary_style="written"), "#documents")
    visitor.upload([report])
    visitor.page.get_by_role("button", name="New chat").click()
    choose(visitor.page, "Summarise")
    visitor.ask("the ferries")
    expect(visitor.answer).to_contain_text("The trust")
    visitor.stop.click()
    assert engine.ended.wait(30)
    expect(visitor.state).to_contain_text("stopped by you")
    visitor.reload()
    expect(visitor.answer).to_contain_text("The trust")


def test_without_documents_there_is_nothing_else_than_to_ask(
    start: Callable[..., LiveServer], tab: Callable[..., Visit]
) -> None:
    visitor = tab(start(WatchedEngine(["An answer."])), width=390, height=844)
    choose(visitor.page, "Summarise")
    visitor.send.click()
    expect(visitor.error).to_contain_text("add documents to it first")
    assert visitor.width_overflow() == 0
    visitor.ask_only("No documents")
    expect(visitor.page.locator("#action")).to_be_hidden()
    expect(visitor.send).to_have_text("Ask")
    expect(visitor.question).to_have_attribute("placeholder", "Ask your documents…")
    visitor.ask_and_wait("Hello?")
    expect(visitor.answer).to_have_text("An answer.")
