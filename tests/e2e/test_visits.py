"""What the journeys rely on: visits share no data, and none goes unnoticed elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

from running.browsing import visit
from stand_ins.http_server import http_stand_in

STORE = """async () => {
    document.cookie = "a=1; max-age=1000";
    localStorage.a = sessionStorage.a = "1";
    await new Promise((done) => { indexedDB.open("a").onsuccess = done; });
    await (await caches.open("a")).put("/a", new Response("1"));
}"""
STORED = """async () => [
    document.cookie, localStorage.length, sessionStorage.length,
    (await indexedDB.databases()).length, (await caches.keys()).length,
]"""
EMPTY = ["", 0, 0, 0, 0]
FULL = ["a=1", 1, 1, 1, 1]


@pytest.fixture
def asked() -> list[str]:
    """The paths that the site was asked for."""
    return []


@pytest.fixture
def site(asked: list[str]) -> Iterator[str]:
    """The address of a site with an empty page at every path."""

    def respond(_: str, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        del headers, body
        asked.append(path)
        return 200, b""

    with http_stand_in(respond) as address:
        yield address


def test_a_visit_finds_nothing_of_those_before_and_beside_it(browser: Browser, site: str) -> None:
    with visit(browser, site) as first:
        first.page.goto(site)
        first.page.evaluate(STORE)
        assert first.page.evaluate(STORED) == FULL
        with visit(browser, site) as beside:
            beside.page.goto(site)
            assert beside.page.evaluate(STORED) == EMPTY
    with visit(browser, site) as second:
        second.page.goto(site)
        assert second.page.evaluate(STORED) == EMPTY


@pytest.mark.parametrize("host", ["elsewhere.example", "0.0.0.0"])
def test_a_request_elsewhere_fails_the_visit_and_arrives_nowhere(
    browser: Browser, site: str, asked: list[str], host: str
) -> None:
    url = f"http://{host}:{urlsplit(site).port}/stray"
    with (
        pytest.raises(AssertionError, match=f"{host}.*/stray"),
        visit(browser, site) as visitor,
    ):
        visitor.page.goto(site)
        visitor.page.evaluate("url => fetch(url, {mode: 'no-cors'}).catch(() => {})", url)
    assert "/stray" not in asked
