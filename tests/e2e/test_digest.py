"""Documents summarised and extracted from on the page, stopped, and read on a narrow one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from browsing import Visit
from live_server import LiveServer


def test_documents_are_summarised_and_extracted_from(
    start: Callable[..., LiveServer],
    tab: Callable[..., Visit],
    screenshot: Callable[[Visit, str], None],
    report: Path,
) -> None:
    server = start(digest_style="excerpts")
    visitor = tab(server, "#documents")
    page = visitor.page
    visitor.upload([report])
    page.get_by_role("button", name="Summarise or extract").click()
    page.get_by_label("Documents", exact=True).click()
    page.get_by_role("option", name=report.name).click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Summarise", exact=True).click()
    result = page.locator("#digest-result")
    expect(result.locator(".state")).to_contain_text("the documents' own sentences · 1 part")
    result.get_by_text("What was read").click()
    expect(result.locator(".digest-parts li")).to_contain_text("pages 1–3")
    screenshot(visitor, "digest-summary")

    page.get_by_label("Focus").fill("revenue")
    page.get_by_role("button", name="Extract", exact=True).click()
    item = result.locator(".digest-items li").first
    expect(item).to_contain_text("page ")
    expect(item).to_contain_text(report.name)
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_hidden()
    screenshot(visitor, "digest-extraction")
    assert visitor.failures == []


def test_an_empty_collection_says_what_to_do(
    start: Callable[..., LiveServer], tab: Callable[..., Visit]
) -> None:
    visitor = tab(start(), "#documents")
    page = visitor.page
    page.get_by_role("button", name="Summarise or extract").click()
    page.get_by_role("button", name="Summarise", exact=True).click()
    expect(visitor.error).to_contain_text("add documents to it first")
    expect(page.get_by_role("button", name="Summarise", exact=True)).to_be_enabled()
