"""The page in the browser's language, or in the one that was chosen."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Browser, expect

from browsing import Visit
from live_server import LiveServer


def test_the_browsers_language_counts_until_another_is_chosen(
    start: Callable[..., LiveServer], browser: Browser
) -> None:
    server = start(langchain_mode="LLM")
    context = browser.new_context(locale="de-AT")
    visitor = Visit(context.new_page(), server.address)
    visitor.open()
    page = visitor.page
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.locator("#new-chat")).to_have_text("Neuer Chat")
    expect(visitor.question).to_have_attribute("placeholder", "Fragen Sie Ihre Dokumente…")
    expect(visitor.scope).to_have_text("Keine Dokumente")
    visitor.ask_and_wait("Was kostet die Fähre?")
    expect(page.locator("h2.chat-group")).to_have_text("Heute")
    visitor.show_documents()
    expect(page.locator("#documents-view h1")).to_have_text("Dokumente")

    page.get_by_role("button", name="Einstellungen").click()
    page.get_by_label("Sprache").select_option("English")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("#new-chat")).to_have_text("New chat")
    expect(page.locator("h2.chat-group")).to_have_text("Today")
    context.close()
