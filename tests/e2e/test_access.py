"""With an API key in the settings the page asks for it."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Browser, expect

from running.browsing import visit
from running.live_server import LiveServer

KEY = "a long sécret key&more"


def test_the_page_opens_with_the_key_and_not_without(
    start: Callable[..., LiveServer], browser: Browser
) -> None:
    server = start(api_key=KEY, langchain_mode="LLM")
    with visit(browser, server.address) as visitor:
        page = visitor.page
        page.goto(server.address)
        page.get_by_label("API key").fill("wrong")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_have_text("That is not the key of this server.")
        expect(visitor.question).to_have_count(0)
        page.get_by_label("API key").fill(KEY)
        page.get_by_role("button", name="Open").click()
        visitor.ask_and_wait("Hello?")
        expect(visitor.answer).to_have_text("You asked: Hello?")
        visitor.reload()
        expect(visitor.answer).to_have_text("You asked: Hello?")
        # The browser writes the refusals to its console.
        assert all("401" in each for each in visitor.failures), visitor.failures
        visitor.failures.clear()
