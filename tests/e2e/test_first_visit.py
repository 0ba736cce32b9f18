"""The main job on the page: from an empty desk to an answer with its sources, and back again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Route, expect

from running.browsing import Visit, visit
from running.live_server import LiveServer, WatchedEngine

ANSWER = "The total revenue was **18.4 million euros** in 2023."


def test_an_empty_desk_leads_to_an_answer_with_file_and_page(
    start: Callable[..., LiveServer],
    tab: Callable[..., Visit],
    report: Path,
    minutes: Path,
    broken: Path,
) -> None:
    visitor = tab(start(WatchedEngine([ANSWER], seconds_per_token=0.15)))
    expect(visitor.page.locator(".welcome")).to_contain_text("UserData is empty")
    expect(visitor.page.locator("#privacy")).to_have_text("Nothing leaves this machine.")

    visitor.page.get_by_role("button", name="Add documents").click()
    visitor.upload([report, minutes, broken])
    expect(visitor.uploads.nth(0)).to_contain_text("ready · 3 pages · 3 chunks")
    expect(visitor.uploads.nth(1)).to_contain_text("Minutes – R&D (final).docx")
    expect(visitor.uploads.nth(1)).to_contain_text("ready")
    expect(visitor.uploads.nth(2)).to_contain_text("Could not be read: ")
    expect(visitor.page.locator(".upload-state")).to_contain_text("3 of 3 files")
    expect(visitor.documents).to_have_count(3)

    visitor.page.get_by_role("button", name="New chat").click()
    expect(visitor.page.locator(".welcome")).to_contain_text("2 documents in UserData")
    visitor.ask("What was the total revenue in 2023?")
    expect(visitor.page.locator(".answer.writing")).to_be_visible()
    expect(visitor.state).to_have_text("Writing…")
    visitor.wait_until_answered()

    expect(visitor.answer.locator("strong")).to_have_text("18.4 million euros")
    first = visitor.sources.first
    expect(first.locator(".source-file")).to_have_text("harbour-report-2023.pdf")
    expect(first.locator(".source-page")).to_have_text("page 2")
    expect(first.locator(".source-quote")).to_contain_text("Total revenue was 18.4 million euros")
    first.locator("summary").click()
    expect(first.locator(".passage p")).to_contain_text("Operating costs rose")
    expect(visitor.state).to_contain_text("sources · ")
    expect(visitor.state).to_contain_text("tokens/s")


def test_a_reload_shows_the_open_chat_and_the_documents_again(
    start: Callable[..., LiveServer], tab: Callable[..., Visit], report: Path
) -> None:
    visitor = tab(start(WatchedEngine([ANSWER])), "#documents")
    visitor.upload([report])
    visitor.page.get_by_role("button", name="New chat").click()
    visitor.ask_and_wait("What was the total revenue?")
    visitor.ask_and_wait("And in other words?")

    visitor.reload()
    expect(visitor.page.locator("#past .question")).to_have_text("What was the total revenue?")
    expect(visitor.page.locator("#current .question")).to_have_text("And in other words?")
    expect(visitor.sources.first).to_contain_text("harbour-report-2023.pdf")
    expect(visitor.chats).to_have_text(["What was the total revenue?"])
    visitor.show_documents()
    expect(visitor.documents).to_have_count(1)
    visitor.reload()
    expect(visitor.documents).to_be_visible()


def test_a_follow_up_question_brings_the_chat_along(
    start: Callable[..., LiveServer], tab: Callable[..., Visit], report: Path
) -> None:
    visitor = tab(start(langchain_mode="LLM"))
    visitor.ask_and_wait("first thing")
    visitor.ask_and_wait("second thing")
    expect(visitor.answer).to_have_text("You asked: second thing")
    expect(visitor.page.locator("#past .answer")).to_have_text("You asked: first thing")
    expect(visitor.chats).to_have_count(1)


def test_chats_are_opened_and_deleted_from_the_rail(
    start: Callable[..., LiveServer], tab: Callable[..., Visit]
) -> None:
    visitor = tab(start(langchain_mode="LLM"))
    for question in ("about ferries", "about piers"):
        visitor.page.get_by_role("button", name="New chat").click()
        expect(visitor.page.locator(".welcome")).to_be_visible()
        visitor.ask_and_wait(question)
    expect(visitor.chats).to_have_text(["about piers", "about ferries"])

    visitor.chats.nth(1).click()
    expect(visitor.answer).to_have_text("You asked: about ferries")
    expect(visitor.chats.nth(1)).to_have_attribute("aria-current", "true")

    row = visitor.page.locator(".chat").nth(1)
    row.hover()
    options = row.get_by_role("button", name="Options for the chat about ferries")
    options.click()
    visitor.page.get_by_role("menuitem", name="Delete").click()
    visitor.page.get_by_role("button", name="Keep").click()
    expect(visitor.chats).to_have_count(2)
    options.click()
    visitor.page.get_by_role("menuitem", name="Delete").click()
    visitor.page.locator("#delete-chat").get_by_role("button", name="Delete").click()
    expect(visitor.chats).to_have_text(["about piers"])
    expect(visitor.page.locator(".welcome")).to_be_visible()


def test_the_scope_decides_whether_documents_are_asked(
    start: Callable[..., LiveServer], tab: Callable[..., Visit], report: Path
) -> None:
    visitor = tab(start(WatchedEngine(["An answer."])), "#documents")
    visitor.upload([report])
    visitor.page.get_by_role("button", name="New chat").click()
    visitor.ask_only("No documents")
    expect(visitor.page.locator(".welcome")).to_contain_text("Ask the model anything.")
    visitor.ask_and_wait("Hello?")
    expect(visitor.answer).to_have_text("An answer.")
    expect(visitor.sources).to_have_count(0)


def test_an_example_question_fills_the_box(
    start: Callable[..., LiveServer], tab: Callable[..., Visit], report: Path
) -> None:
    visitor = tab(start(), "#documents")
    visitor.upload([report])
    visitor.page.get_by_role("button", name="New chat").click()
    visitor.page.get_by_role("button", name="What is harbour-report-2023.pdf about?").click()
    expect(visitor.question).to_have_value("What is harbour-report-2023.pdf about?")
    expect(visitor.question).to_be_focused()


def test_a_question_before_the_page_is_filled_is_answered(
    start: Callable[..., LiveServer], browser: Browser
) -> None:
    server = start(WatchedEngine([ANSWER]), langchain_mode="LLM")
    held: list[Route] = []
    with visit(browser, server.address) as visitor:
        # What fills the page goes there; questions go through the queue.
        filling = "**/gradio_api/run/**"
        visitor.page.route(filling, lambda route: held.append(route))
        visitor.page.goto(server.address)
        visitor.ask_and_wait("What was the total revenue?")
        expect(visitor.answer.locator("strong")).to_have_text("18.4 million euros")
        expect(visitor.scope).to_have_count(0)
        for route in held:
            route.fallback()
        expect(visitor.scope).to_have_text("No documents")
        expect(visitor.answer.locator("strong")).to_have_text("18.4 million euros")
        assert held
