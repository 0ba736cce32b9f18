"""From a sentence to its page, and a search without a model."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from running.browsing import Visit
from running.live_server import LiveServer, WatchedEngine

ANSWER = "The **total revenue** was 18.4 million euros in 2023. Dragons guard the harbour at night."


def asked(visitor: Visit, report: Path) -> Visit:
    """Add the report and ask about it."""
    visitor.upload([report])
    visitor.open()
    visitor.ask_and_wait("What was the total revenue in 2023?")
    return visitor


def test_a_citation_opens_its_page_with_the_quote_marked(
    start: Callable[..., LiveServer],
    tab: Callable[..., Visit],
    screenshot: Callable[[Visit, str], None],
    report: Path,
) -> None:
    visitor = asked(tab(start(WatchedEngine([ANSWER])), "#documents"), report)
    mark = visitor.answer.locator(".cite-mark")
    expect(mark).to_have_count(1)
    expect(visitor.answer.locator(".unsupported")).to_contain_text("Dragons guard the harbour")
    expect(visitor.page.locator("#current .legend")).to_be_visible()
    expect(visitor.page.locator("#current .more-sources > summary")).to_contain_text("not used")

    mark.focus()
    visitor.page.keyboard.press("Enter")
    viewer = visitor.page.locator("#viewer")
    picture = viewer.locator(".page-picture img")
    expect(picture).to_be_visible()
    expect(picture).to_have_attribute("alt", "Page 2 of harbour-report-2023.pdf")
    expect(viewer).to_contain_text("page 2 / 3")
    expect(viewer.locator(".viewer-note")).to_have_count(0)
    expect(visitor.page.locator("#close-viewer")).to_be_focused()
    for dark in ("light", "dark"):
        for width in (1440, 390):
            visitor.page.set_viewport_size({"width": width, "height": 900})
            assert visitor.width_overflow() == 0
            screenshot(visitor, f"citation-{width}-{dark}")
        visitor.page.evaluate("document.body.classList.add('dark')")

    visitor.page.keyboard.press("Escape")
    expect(viewer).to_be_hidden()
    expect(mark).to_be_focused()

    visitor.reload()
    visitor.answer.locator(".cite-mark").click()
    expect(picture).to_be_visible()


def test_pages_are_turned_and_the_original_is_saved(
    start: Callable[..., LiveServer],
    tab: Callable[..., Visit],
    screenshot: Callable[[Visit, str], None],
    report: Path,
) -> None:
    visitor = asked(tab(start(WatchedEngine([ANSWER])), "#documents"), report)
    visitor.answer.locator(".cite-mark").click()
    viewer = visitor.page.locator("#viewer")
    picture = viewer.locator(".page-picture img")
    after = viewer.get_by_role("button", name="Page after")
    before = viewer.get_by_role("button", name="Page before")
    expect(picture).to_have_attribute("alt", "Page 2 of harbour-report-2023.pdf")
    cited = picture.get_attribute("src")
    before.focus()
    visitor.page.keyboard.press("Enter")
    expect(picture).to_have_attribute("alt", "Page 1 of harbour-report-2023.pdf")
    expect(before).to_be_disabled()
    expect(after).to_be_focused()
    expect(viewer.locator(".source-quote")).to_have_count(0)
    visitor.page.keyboard.press("Enter")
    expect(picture).to_have_attribute("alt", "Page 2 of harbour-report-2023.pdf")
    expect(after).to_be_focused()
    visitor.page.keyboard.press("Enter")
    expect(picture).to_have_attribute("alt", "Page 3 of harbour-report-2023.pdf")
    expect(after).to_be_disabled()
    screenshot(visitor, "turned-page")
    viewer.get_by_role("button", name="Back to page 2").click()
    expect(picture).to_have_attribute("src", cited or "")

    beside = viewer.locator(".viewer-sources button")
    expect(beside).to_have_count(3)
    expect(viewer.locator(".viewer-sources [aria-current]")).to_contain_text("page 2")
    beside.filter(has_text="page 3").click()
    expect(picture).to_have_attribute("alt", "Page 3 of harbour-report-2023.pdf")
    expect(viewer.locator(".viewer-sources [aria-current]")).to_contain_text("page 3")

    with visitor.page.expect_download() as saving:
        viewer.get_by_role("link", name="Save the original").click()
    assert saving.value.suggested_filename == "harbour-report-2023.pdf"
    assert Path(saving.value.path()).read_bytes() == report.read_bytes()
    visitor.page.keyboard.press("Escape")
    expect(visitor.answer.locator(".cite-mark")).to_be_focused()


def test_passages_are_searched_without_a_model(
    start: Callable[..., LiveServer],
    tab: Callable[..., Visit],
    screenshot: Callable[[Visit, str], None],
    minutes: Path,
) -> None:
    visitor = tab(start(WatchedEngine([ANSWER])), "#documents")
    visitor.upload([minutes])
    visitor.page.locator("#search-link").click()
    visitor.page.locator("#search-query input, #search-query textarea").fill("pier costs")
    visitor.page.keyboard.press("Enter")
    found = visitor.page.locator("#search-results .source")
    expect(found.first).to_contain_text("Minutes – R&D (final).docx")
    found.first.locator("summary").click()
    expect(found.first.locator("mark")).to_have_text(["pier", "costs"])
    screenshot(visitor, "search-1440-light")
    found.first.locator(".source-file").click()
    expect(visitor.page.locator("#viewer mark")).to_contain_text("pier")
    visitor.page.set_viewport_size({"width": 390, "height": 844})
    assert visitor.width_overflow() == 0
    screenshot(visitor, "search-390-light")


def test_passages_and_lists_of_chunks_are_turned(
    start: Callable[..., LiveServer],
    tab: Callable[..., Visit],
    screenshot: Callable[[Visit, str], None],
) -> None:
    server = start(WatchedEngine([ANSWER]), chunk_size=100, chunk_overlap=0)
    lines = [f"Line {number} is about the otters of the harbour pier." for number in range(1, 411)]
    lines[203] = "The keeper of the lighthouse is Ingrid Solberg."
    with server.client() as client:
        document = {"name": "log.txt", "text": "\n\n".join(lines)}
        where = "/v1/collections/UserData/documents?wait=true"
        client.post(where, json=document).raise_for_status()
    visitor = tab(server)
    page = visitor.page
    page.locator("#search-link").click()
    page.locator("#search-query input, #search-query textarea").fill("keeper Ingrid Solberg")
    page.keyboard.press("Enter")
    page.locator("#search-results .source .source-file").first.click()
    viewer = page.locator("#viewer")
    expect(viewer.locator("mark")).to_contain_text("Ingrid")
    where_now = viewer.locator(".turner-where")
    expect(where_now).to_have_text(re.compile(r"^Passage \d+ of \d+$"))
    cited = where_now.inner_text()
    number = int(cited.split()[1])
    after = viewer.get_by_role("button", name="Passage after")
    after.focus()
    page.keyboard.press("Enter")
    expect(where_now).to_have_text(cited.replace(f"{number} of", f"{number + 1} of"))
    expect(viewer.locator("mark")).to_have_count(0)
    expect(viewer.locator(".viewer-passage")).to_contain_text("otters")
    expect(after).to_be_focused()
    screenshot(visitor, "turned-passage-1440-light")
    page.set_viewport_size({"width": 390, "height": 844})
    assert visitor.width_overflow() == 0
    for button in viewer.locator(".page-turner button").all():
        box = button.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 44
    page.emulate_media(color_scheme="dark")
    screenshot(visitor, "turned-passage-390-dark")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1440, "height": 900})
    viewer.get_by_role("button", name=f"Back to passage {number}").click()
    expect(viewer.locator("mark")).to_contain_text("Ingrid")
    page.keyboard.press("Escape")

    visitor.show_documents()
    page.get_by_role("button", name="log.txt", exact=True).click()
    count = int(cited.split()[-1])
    expect(where_now.first).to_have_text(f"1–200 of {count}")
    expect(viewer.locator(".viewer-chunks li")).to_have_count(200)
    viewer.get_by_role("button", name="Chunks after").last.click()
    expect(where_now.first).to_have_text(f"201–{min(400, count)} of {count}")
    expect(viewer.locator(".viewer-chunks li").first).not_to_contain_text("Line 1 is")
    screenshot(visitor, "turned-chunks-1440-light")
    viewer.get_by_role("button", name="Chunks before").first.click()
    expect(where_now.first).to_have_text(f"1–200 of {count}")
