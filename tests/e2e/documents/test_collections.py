"""Collections on the page: made, filled, renamed, deleted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from running.browsing import Visit
from running.live_server import LiveServer


def test_a_collection_is_made_renamed_and_deleted_with_its_documents(
    start: Callable[..., LiveServer],
    tab: Callable[..., Visit],
    screenshot: Callable[[Visit, str], None],
    report: Path,
) -> None:
    server = start()
    visitor = tab(server, "#documents")
    page = visitor.page
    rename = page.get_by_role("button", name="Rename")
    delete = page.get_by_role("button", name="Delete collection")
    expect(page.locator(".collection")).to_contain_text("UserData always exists")
    expect(rename).to_have_count(0)
    expect(delete).to_have_count(0)

    page.get_by_role("button", name="New collection").click()
    page.locator("#collection-name input, #collection-name textarea").fill("Ferries")
    page.get_by_role("button", name="Create").click()
    expect(page.locator("#documents-table")).to_contain_text("Ferries has no documents yet")
    visitor.upload([report])
    expect(page.locator(".summary")).to_have_text(
        f"Shared · 1 document · 3 pages · 3 chunks · {report.stat().st_size / 1000:.1f} kB"
    )
    # The chat asks this collection, so that the change of name has to reach its chooser, too.
    page.get_by_role("button", name="New chat").click()
    visitor.ask_only("Ferries")
    visitor.show_documents()

    rename.click()
    name = page.get_by_label("New name of the collection Ferries")
    expect(name).to_be_focused()
    name.fill("UserData")
    name.press("Enter")
    expect(visitor.error).to_have_text("There is a collection 'UserData' already.")
    name.fill("Boats & piers")
    page.get_by_label("Shared with everyone", exact=True).uncheck()
    screenshot(visitor, "collection-rename")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#collection input")).to_have_value("Boats & piers")
    expect(page.locator(".summary")).to_contain_text("Private · 1 document")
    expect(visitor.scope).to_have_text("Boats & piers")
    expect(visitor.error).to_have_count(0)

    delete.click()
    expect(page.get_by_role("button", name="Keep").locator("visible=true")).to_be_focused()
    expect(page.locator(".collection")).to_contain_text(
        "Delete Boats & piers and its 1 document (2."
    )
    screenshot(visitor, "collection-delete")
    page.keyboard.press("Escape")
    expect(delete).to_be_focused()
    delete.click()
    page.get_by_role("button", name="Delete", exact=True).locator("visible=true").click()
    expect(page.locator("#collection input")).to_have_value("UserData")
    expect(visitor.scope).to_have_text("UserData")
    expect(visitor.documents).to_have_count(0)
    with server.client() as client:
        names = [each["name"] for each in client.get("/v1/collections").json()["collections"]]
    assert names == ["MyData", "UserData"]
