"""Files dropped into the chat, or chosen beside the question."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from running.browsing import PATIENCE, Visit
from running.live_server import LiveServer, WatchedEngine

ANSWER = "The total revenue was **18.4 million euros** in 2023."
DROP = """([name, text]) => {
    const files = new DataTransfer();
    files.items.add(new File([text], name, {type: "text/plain"}));
    const target = document.querySelector("#reading");
    for (const kind of ["dragover", "drop"]) {
        const event = new DragEvent(kind, {dataTransfer: files, bubbles: true, cancelable: true});
        target.dispatchEvent(event);
        if (kind === "dragover") {
            window.offered = document.querySelector("#chat-view").classList.contains("dropping");
        }
    }
}"""


def test_a_file_beside_the_question_goes_in_and_is_asked(
    start: Callable[..., LiveServer],
    tab: Callable[..., Visit],
    screenshot: Callable[[Visit, str], None],
    report: Path,
    broken: Path,
) -> None:
    visitor = tab(start(WatchedEngine([ANSWER]), langchain_mode="LLM"))
    added = visitor.page.locator("#added .file")
    with visitor.page.expect_file_chooser() as choosing:
        visitor.page.get_by_role("button", name="Attach files").click()
    choosing.value.set_files([report, broken])
    expect(visitor.scope).to_have_text("MyData")
    expect(added.nth(0)).to_contain_text("ready · 3 pages", timeout=PATIENCE)
    expect(added.nth(1)).to_contain_text("Could not be read: ")
    expect(visitor.page.locator(".welcome")).to_contain_text("1 document in MyData")
    screenshot(visitor, "attached-1440")
    visitor.page.set_viewport_size({"width": 390, "height": 844})
    assert visitor.width_overflow() == 0
    screenshot(visitor, "attached-390")
    visitor.page.set_viewport_size({"width": 1440, "height": 900})
    visitor.ask_and_wait("What was the total revenue in 2023?")
    expect(visitor.answer.locator("strong")).to_have_text("18.4 million euros")
    expect(visitor.sources.first).to_contain_text("harbour-report-2023.pdf")
    expect(added).to_have_count(0)


def test_a_file_dropped_into_the_chat_goes_into_the_collection_that_is_asked(
    start: Callable[..., LiveServer], tab: Callable[..., Visit]
) -> None:
    visitor = tab(start(WatchedEngine([ANSWER]), max_file_megabytes=0.001))
    visitor.page.evaluate(DROP, ["note.txt", "The pier costs 4.1 million euros."])
    assert visitor.page.evaluate("offered")
    expect(visitor.page.locator("#added .file")).to_contain_text("ready", timeout=PATIENCE)
    expect(visitor.scope).to_have_text("UserData")
    expect(visitor.page.locator("#chat-view.dropping")).to_have_count(0)
    visitor.page.evaluate(DROP, ["large.txt", "word " * 1000])
    expect(visitor.error).to_contain_text("large.txt")
    visitor.show_documents()
    expect(visitor.documents).to_have_count(1)
    expect(visitor.documents).to_contain_text("note.txt")
