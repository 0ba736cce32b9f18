"""The real server with the bundled model: asked, stopped, started again, and all is there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from running.browsing import Visit
from running.real_processes import Server


def test_a_restart_keeps_documents_and_chats(
    serve: Callable[..., Server], tab: Callable[..., Visit], report: Path, minutes: Path
) -> None:
    server = serve("--max_new_tokens=32")
    visitor = tab(server.address, "#documents")
    visitor.upload([report, minutes])
    visitor.page.get_by_role("button", name="New chat").click()
    visitor.ask_and_wait("What was the total revenue in 2023?")
    expect(visitor.answer).not_to_be_empty()
    expect(visitor.error).to_have_count(0)
    expect(visitor.sources.first).to_contain_text("harbour-report-2023.pdf")
    expect(visitor.sources.first).to_contain_text("page 2")
    expect(visitor.sources.first).to_contain_text("18.4 million euros")
    answer = visitor.answer.inner_text()
    visitor.page.close()
    assert server.stop() == 0

    again = serve()
    visitor = tab(again.address)
    expect(visitor.page.locator(".welcome")).to_contain_text("2 documents in UserData")
    visitor.chats.first.click()
    expect(visitor.page.locator("#current .question")).to_have_text(
        "What was the total revenue in 2023?"
    )
    assert visitor.answer.inner_text() == answer
    expect(visitor.sources.first).to_contain_text("18.4 million euros")
    visitor.show_documents()
    expect(visitor.documents).to_have_count(2)
