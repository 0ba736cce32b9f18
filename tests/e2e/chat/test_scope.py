"""What is asked is chosen beside the question: collections, single documents, or none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from running.browsing import Visit
from running.live_server import LiveServer, WatchedEngine

REVENUE = "Total revenue was 18.4 million euros in 2023."


@pytest.fixture
def almanac(tmp_path: Path) -> Path:
    """A text that tells another revenue."""
    path = tmp_path / "almanac.md"
    path.write_text("# Almanac\n\nTotal revenue of the lighthouse was 7 thousand euros in 2023.\n")
    return path


def test_single_documents_and_several_collections_are_asked(
    start: Callable[..., LiveServer],
    tab: Callable[..., Visit],
    screenshot: Callable[[Visit, str], None],
    report: Path,
    almanac: Path,
) -> None:
    visitor = tab(start(WatchedEngine([REVENUE])), "#documents")
    page = visitor.page
    visitor.upload([report, almanac])
    page.get_by_role("button", name="New chat").click()
    expect(visitor.scope).to_have_text("UserData")
    expect(visitor.scope).to_have_attribute("aria-expanded", "false")
    visitor.scope.click()
    expect(visitor.scope).to_have_attribute("aria-expanded", "true")
    find = page.get_by_label("Find a document")
    find.fill("ALMA")
    expect(visitor.scope_choice(report.name)).to_have_count(0)
    # With the keyboard, too: the row that was chosen keeps the focus.
    visitor.scope_choice("almanac.md").focus()
    page.keyboard.press("Space")
    expect(visitor.scope_choice("almanac.md")).to_be_checked()
    expect(visitor.scope_choice("almanac.md")).to_be_focused()
    expect(visitor.scope).to_have_text("almanac.md")
    screenshot(visitor, "scope")
    page.keyboard.press("Escape")
    expect(visitor.scope).to_be_focused()
    expect(find).to_be_hidden()

    visitor.ask_and_wait("What was the total revenue?")
    expect(visitor.sources).to_have_count(1)
    expect(visitor.sources).to_contain_text("almanac.md")

    visitor.scope.click()
    visitor.scope_choice("almanac.md").click()
    visitor.scope_choice("MyData").click()
    expect(visitor.scope).to_have_text("2 collections")
    visitor.scope.click()
    visitor.ask_and_wait("What was the revenue in total?")
    sources = page.locator("#current .sources")
    expect(sources).to_contain_text(report.name)

    # Answering again uses the current scope.
    visitor.scope.click()
    find.fill("")
    visitor.scope_choice(report.name).click()
    visitor.scope.click()
    page.locator("#current").get_by_role("button", name="Answer again").click()
    visitor.wait_until_answered()
    expect(sources).not_to_contain_text("almanac.md")
    expect(sources).to_contain_text(report.name)
    assert visitor.failures == []


def test_a_document_is_asked_from_the_table_and_no_more_once_it_is_deleted(
    start: Callable[..., LiveServer], tab: Callable[..., Visit], report: Path, almanac: Path
) -> None:
    visitor = tab(start(WatchedEngine([REVENUE])), "#documents")
    visitor.upload([report, almanac])
    visitor.page.get_by_role("button", name="Ask almanac.md").click()
    expect(visitor.scope).to_be_visible()
    expect(visitor.scope).to_have_text("almanac.md")
    expect(visitor.page.locator(".welcome")).to_contain_text("What is asked: almanac.md.")
    visitor.show_documents()
    visitor.page.get_by_role("button", name="Delete almanac.md").click()
    visitor.page.get_by_role("button", name="Delete", exact=True).locator("visible=true").click()
    expect(visitor.documents).to_have_count(1)
    expect(visitor.scope).to_have_text("UserData")


def test_many_documents_are_found_by_their_names(
    start: Callable[..., LiveServer], tab: Callable[..., Visit], tmp_path: Path
) -> None:
    files = [tmp_path / f"note-{number:03}.txt" for number in range(60)]
    for number, path in enumerate(files):
        path.write_text(f"Ferry number {number} leaves at noon.")
    visitor = tab(start(), "#documents", width=390, height=844)
    visitor.upload(files)
    visitor.page.get_by_role("button", name="Open the menu").click()
    visitor.page.get_by_role("button", name="New chat").click()
    visitor.scope.click()
    rows = visitor.page.locator("#scope-documents").get_by_role("checkbox")
    expect(rows).to_have_count(50)
    expect(visitor.page.locator("#scope-documents")).to_contain_text("10 more")
    visitor.page.get_by_label("Find a document").fill("note-059")
    expect(rows).to_have_count(1)
    rows.click()
    expect(visitor.scope).to_have_text("note-059.txt")
    visitor.page.get_by_label("Find a document").fill("name:note-00* -note-003")
    expect(rows.first).to_have_text("All 9 that match")
    rows.first.click()
    expect(visitor.scope).to_have_text("9 documents")
    rows.first.click()
    expect(visitor.scope).to_have_text("UserData")
    visitor.page.get_by_label("Find a document").fill("note-059")
    expect(rows).to_have_count(1)
    rows.click()
    visitor.page.get_by_label("Find a document").fill("")
    expect(rows).to_have_count(51)
    assert visitor.width_overflow() == 0
