"""Each view for everybody: checked by axe-core, in light and dark, and on a phone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from running.browsing import Visit
from running.live_server import LiveServer, WatchedEngine, live_server, pool_of, settings_in

ANSWER = (
    "The total revenue was **18.4 million euros** in 2023. `code`\n\n| a | b |\n|--|--|\n| 1 | 2 |"
)
GRAVE = {"serious", "critical"}
SMALLEST_TARGET = 24
"""Pixels of a side of what can be pressed, WCAG 2.2, 2.5.8 (AA)."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server with a document, one that failed, and a chat."""
    settings = settings_in(tmp_path_factory.mktemp("accessible"))
    pool = pool_of(WatchedEngine([ANSWER]))
    with live_server(settings, pool, with_page=True) as running, running.client() as client:
        where = "/v1/collections/UserData/documents?wait=true"
        text = "Total revenue was 18.4 million euros in 2023."
        client.post(where, json={"name": "report.txt", "text": text}).raise_for_status()
        client.post(where, files={"files": ("broken.docx", b"PK\x03\x04 nothing")})
        yield running


def grave(visitor: Visit) -> list[str]:
    """Return what axe-core finds that is serious or critical."""
    found: list[dict[str, Any]] = Axe().run(visitor.page).response["violations"]
    return [
        f"{each['id']}: {node['target']} {node['failureSummary']}"
        for each in found
        if each["impact"] in GRAVE
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_no_view_has_a_serious_fault(
    server: LiveServer, tab: Callable[..., Visit], dark: bool
) -> None:
    visitor = tab(server, dark=dark)
    faults: dict[str, list[str]] = {}

    def check(view: str) -> None:
        faults[view] = grave(visitor)

    expect(visitor.page.locator(".examples")).to_be_visible()
    check("welcome")
    visitor.ask_and_wait("What was the total revenue in 2023?")
    expect(visitor.chats).to_have_count(1 + dark)
    check("chat")
    visitor.page.locator("[data-chat-menu]").first.click()
    check("menu of a chat")
    visitor.page.get_by_role("menuitem", name="Rename").click()
    check("rename")
    visitor.page.keyboard.press("Escape")
    visitor.page.get_by_role("button", name="Settings", exact=True).click()
    check("settings")
    visitor.page.keyboard.press("Escape")
    visitor.page.get_by_role("button", name="Answer settings").click()
    expect(visitor.page.locator("#answer-settings")).to_be_visible()
    check("answer settings")
    visitor.scope.click()
    expect(visitor.page.get_by_label("Find a document")).to_be_visible()
    expect(visitor.page.locator("#answer-settings")).to_be_hidden()
    check("what is asked")
    visitor.scope.click()
    visitor.show_documents()
    expect(visitor.documents).to_have_count(2)
    check("documents")
    visitor.page.locator("#search-link").click()
    visitor.page.locator("#search-query input").fill("revenue")
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.locator("#search-results .source")).to_have_count(1)
    check("search")
    for view in ("compare", "models"):
        visitor.page.locator(f"#{view}-link").click()
        expect(visitor.page.locator(f"#{view}-view")).to_be_visible()
        check(view)
    assert not any(faults.values()), "\n".join(
        f"{view}: {fault}" for view, found in faults.items() for fault in found
    )


def test_a_phone_shows_everything_without_scrolling_sideways(
    server: LiveServer, tab: Callable[..., Visit]
) -> None:
    visitor = tab(server, width=390, height=844)
    small = f"""() => [...document.querySelectorAll('button, a[href], select, input')]
        .filter((each) => each.checkVisibility({{visibilityProperty: true}}))
        .map((each) => [each, each.closest('[role=combobox]') ? each.closest('.wrap')
            : each.matches('[type=checkbox]') ? each.closest('label') : each])
        .map(([each, box]) => [each.outerHTML.slice(0, 120), box.getBoundingClientRect()])
        .filter(([_, at]) => at.width && Math.min(at.width, at.height) < {SMALLEST_TARGET})
        .map(([text, at]) => `${{at.width}} x ${{at.height}}: ${{text}}`)"""
    for fragment, ready in (
        ("", ".examples"),
        ("#compare", "#compare-row"),
        ("#models", "#models-table"),
        ("#documents", "table.documents"),
        ("#search", "#search-row"),
    ):
        visitor.open(fragment)
        expect(visitor.page.locator(ready)).to_be_visible()
        assert visitor.width_overflow() == 0, fragment
        assert visitor.page.evaluate(small) == []
        assert grave(visitor) == []
    visitor.open()
    for opener in (visitor.scope, visitor.page.get_by_role("button", name="Answer settings")):
        opener.click()
        assert visitor.page.evaluate(small) == []
        assert grave(visitor) == []
        opener.click()
    visitor.page.get_by_role("button", name="Open the menu").click()
    expect(visitor.page.locator("#settings-button")).to_be_in_viewport()
    assert visitor.page.evaluate(small) == []
    assert grave(visitor) == []
