"""The table of documents: sorted, filtered, and deleted from with a word on what goes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Locator, expect

from running.browsing import Visit
from running.live_server import LiveServer


def test_documents_are_sorted_filtered_and_deleted(
    start: Callable[..., LiveServer], tab: Callable[..., Visit]
) -> None:
    server = start()
    with server.client() as client:
        where = "/v1/collections/UserData/documents?wait=true"
        for name, words in (("part 2.txt", 900), ("part 10.txt", 3), ("Other.txt", 40)):
            client.post(where, json={"name": name, "text": "word " * words}).raise_for_status()
        client.post(where, files={"files": ("broken.docx", b"PK\x03\x04 nothing")})
    visitor = tab(server, "#documents")
    page = visitor.page

    def names() -> Locator:
        return page.locator("#documents-table tbody tr:visible th span")

    page.get_by_role("button", name="Name", exact=True).click()
    expect(names()).to_have_text(["broken.docx", "Other.txt", "part 2.txt", "part 10.txt"])
    page.get_by_role("button", name="Size").click()
    page.get_by_role("button", name="Size").click()
    expect(names()).to_have_text(["part 2.txt", "Other.txt", "part 10.txt", "broken.docx"])
    expect(page.get_by_role("columnheader", name="Size")).to_have_attribute(
        "aria-sort", "descending"
    )
    page.get_by_label("Filter the documents by name").fill("PART")
    expect(names()).to_have_text(["part 2.txt", "part 10.txt"])
    page.get_by_label("Filter the documents by state").select_option("failed")
    expect(page.get_by_text("No matching documents.")).to_be_visible()
    page.get_by_label("Filter the documents by name").fill("")
    expect(names()).to_have_text(["broken.docx"])
    expect(page.locator(".reason")).to_contain_text("Could not be read: ")
    page.get_by_label("Filter the documents by state").select_option("All states")

    page.get_by_role("button", name="Delete part 2.txt").click()
    asked = page.get_by_role("group", name="Delete part 2.txt")
    expect(asked).to_contain_text("Delete this document with its 5 chunks?")
    asked.get_by_role("button", name="Delete").click()
    expect(names()).to_have_text(["Other.txt", "part 10.txt", "broken.docx"])


def test_a_document_is_looked_at_from_the_table(
    start: Callable[..., LiveServer],
    tab: Callable[..., Visit],
    screenshot: Callable[[Visit, str], None],
    report: Path,
    minutes: Path,
) -> None:
    visitor = tab(start(), "#documents")
    visitor.upload([report, minutes])
    viewer = visitor.page.locator("#viewer")
    name = visitor.page.get_by_role("button", name="harbour-report-2023.pdf", exact=True)
    name.click()
    picture = viewer.locator(".page-picture img")
    expect(picture).to_have_attribute("alt", "Page 1 of harbour-report-2023.pdf")
    viewer.get_by_role("button", name="Page after").click()
    expect(picture).to_have_attribute("alt", "Page 2 of harbour-report-2023.pdf")
    viewer.locator(".chunks summary").click()
    expect(viewer.locator(".viewer-chunks li")).to_have_count(3)
    expect(viewer.locator(".viewer-chunks li").nth(1)).to_contain_text("page 2")
    screenshot(visitor, "document-1440-light")
    visitor.page.set_viewport_size({"width": 390, "height": 844})
    assert visitor.width_overflow() == 0
    screenshot(visitor, "document-390-light")
    visitor.page.set_viewport_size({"width": 1440, "height": 900})
    visitor.page.keyboard.press("Escape")
    expect(viewer).to_be_hidden()
    expect(name).to_be_focused()
    visitor.page.get_by_role("button", name="Minutes – R&D (final).docx", exact=True).click()
    expect(viewer.locator(".viewer-chunks")).to_contain_text("The new pier at Kilbride")
    with visitor.page.expect_download() as saving:
        viewer.get_by_role("link", name="Save the original").click()
    assert saving.value.suggested_filename == "Minutes – R&D (final).docx"


def test_documents_are_read_again_from_the_table(
    start: Callable[..., LiveServer],
    tab: Callable[..., Visit],
    screenshot: Callable[[Visit, str], None],
) -> None:
    server = start()
    with server.client() as client:
        where = "/v1/collections/UserData/documents?wait=true"
        client.post(where, json={"name": "ferry.txt", "text": "The ferry is the Heron."})
        for name in ("one.docx", "two.docx"):
            client.post(where, files={"files": (name, b"nothing of Word")})
        client.post(where, files={"files": ("empty.txt", b"")})
    visitor = tab(server, "#documents")
    page = visitor.page
    page.get_by_role("button", name="Read ferry.txt again").click()
    state = page.locator("#uploads .upload-state")
    expect(state).to_contain_text("1 of 1 file")
    expect(visitor.uploads).to_contain_text("1 chunk")
    page.get_by_role("button", name="Read the 2 failed ones again").click()
    expect(state).to_contain_text("2 of 2 files")
    expect(page.locator("#uploads .file.failed")).to_have_count(2)
    expect(page.locator("tr.failed", has_text="empty.txt")).to_contain_text(
        "The file is not kept: add it again to have it read."
    )
    expect(page.get_by_role("button", name="Read empty.txt again")).to_have_count(0)
    screenshot(visitor, "read-again-1440-light")
    page.set_viewport_size({"width": 390, "height": 844})
    assert visitor.width_overflow() == 0
    for button in page.locator(".row-actions > button:visible").all():
        box = button.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 44
    page.locator("tr", has_text="one.docx").scroll_into_view_if_needed()
    screenshot(visitor, "read-again-390-light")
    page.emulate_media(color_scheme="dark")
    screenshot(visitor, "read-again-390-dark")
