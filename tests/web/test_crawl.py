"""One site, page by page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from stand_ins.web_site import LIMITS, Behaviour, collected, redirect, reply, stand_in_web

Pages = dict[str, bytes | Behaviour]
START = "http://example.org/"


def page(text: str, *links: str) -> bytes:
    return reply(text + "".join(f'<a href="{each}">' for each in links))


SITE: Pages = {
    "example.org/": page("Start", "/a", "/b", "/a#again", "/./a", "http://other.org/"),
    "example.org/a": page("A", "/", "/deep", "/paper.pdf", "/film.mp4"),
    "example.org/b": page("B", "/a"),
    "example.org/deep": page("Deep", "/deeper"),
    "example.org/deeper": page("Deeper"),
    "example.org/paper.pdf": reply("Paper", "application/pdf"),
    "other.org/": page("Other"),
}


@pytest.mark.parametrize(
    ("depth", "asked"),
    [
        (1, ["/robots.txt", "/", "/a", "/b"]),
        (2, ["/robots.txt", "/", "/a", "/b", "/deep", "/paper.pdf"]),
        (9, ["/robots.txt", "/", "/a", "/b", "/deep", "/paper.pdf", "/deeper"]),
    ],
)
async def test_a_site_is_fetched_breadth_first(
    tmp_path: Path, depth: int, asked: list[str]
) -> None:
    async with stand_in_web(SITE) as web:
        files, failures = await collected(web, tmp_path, START, depth=depth)
    assert web.asked == [f"example.org{target}" for target in asked]
    assert len(files) == len(asked) - 1
    assert failures == []


async def test_documents_are_named_by_their_place(tmp_path: Path) -> None:
    async with stand_in_web(SITE) as web:
        files, _ = await collected(web, tmp_path, START, depth=2)
    assert list(files) == [
        "example.org/index.html",
        "example.org/a.html",
        "example.org/b.html",
        "example.org/deep.html",
        "example.org/paper.pdf",
    ]
    assert files["example.org/paper.pdf"] == "Paper"
    assert sorted(path.read_text() for path in tmp_path.iterdir()) == sorted(files.values())


async def test_the_rules_of_the_site_are_kept(tmp_path: Path) -> None:
    robots = reply("User-agent: Carrel\nDisallow: /a\nDisallow: /*.pdf$", "text/plain")
    pages = {**SITE, "example.org/robots.txt": robots}
    async with stand_in_web(pages) as web:
        files, failures = await collected(web, tmp_path, START, depth=9)
    assert list(files) == ["example.org/index.html", "example.org/b.html"]
    assert failures == []


async def test_a_start_that_is_not_wanted_is_named(tmp_path: Path) -> None:
    robots = reply("User-agent: *\nDisallow: /", "text/plain")
    async with stand_in_web({**SITE, "example.org/robots.txt": robots}) as web:
        files, failures = await collected(web, tmp_path, START, depth=1)
    assert files == {}
    assert [(each.name, each.code) for each in failures] == [(START, "address_refused")]
    assert web.asked == ["example.org/robots.txt"]


@pytest.mark.parametrize(
    ("rules", "read"),
    [
        (reply(status=404), True),
        (reply(status=403), True),
        (reply(status=503), False),
        (b"nonsense", False),
        (redirect("/rules"), True),
        (reply(b"\0" * 600_000, "text/plain"), False),
    ],
)
async def test_a_site_without_rules_allows_all_and_one_in_trouble_nothing(
    tmp_path: Path, rules: bytes, read: bool
) -> None:
    pages = {"example.org/": page("Start"), "example.org/robots.txt": rules}
    async with stand_in_web(pages) as web:
        files, _ = await collected(web, tmp_path, START, depth=1)
    assert bool(files) is read


async def test_the_site_is_given_the_pauses_it_asks_for(tmp_path: Path) -> None:
    robots = reply("User-agent: *\nCrawl-delay: 3600", "text/plain")
    limits = replace(LIMITS, max_crawl_seconds=0.5)
    async with stand_in_web({**SITE, "example.org/robots.txt": robots}) as web:
        files, failures = await collected(web, tmp_path, START, depth=1, limits=limits)
    # The pause takes all the time that is left.
    assert list(files) == ["example.org/index.html"]
    assert ["max_crawl_seconds" in (each.reason or "") for each in failures] == [True]


async def test_no_redirect_leads_off_the_host(tmp_path: Path) -> None:
    pages = {
        "example.org/": page("Start", "/out", "/in"),
        "example.org/out": redirect("http://other.org/"),
        "example.org/in": redirect("/b"),
        "example.org/b": page("B"),
        "other.org/": page("Other"),
    }
    async with stand_in_web(pages) as web:
        files, failures = await collected(web, tmp_path, START, depth=1)
    assert list(files.values())[1] == "B"
    assert [each.name for each in failures] == ["http://example.org/out"]
    assert "other.org, another host" in str(failures[0].reason)
    assert not [url for url in web.asked if url.startswith("other.org")]


async def test_no_redirect_leads_to_what_the_site_does_not_want(tmp_path: Path) -> None:
    pages = {
        "example.org/robots.txt": reply("User-agent: *\nDisallow: /b", "text/plain"),
        "example.org/": page("Start", "/in"),
        "example.org/in": redirect("/b"),
        "example.org/b": page("B"),
    }
    async with stand_in_web(pages) as web:
        _, failures = await collected(web, tmp_path, START, depth=1)
    assert [each.name for each in failures] == ["http://example.org/in"]
    assert "example.org/b" not in web.asked


async def test_a_page_reached_by_two_addresses_is_one_document(tmp_path: Path) -> None:
    pages = {
        "example.org/": page("Start", "/b", "/in", "/in2"),
        "example.org/in": redirect("/b"),
        "example.org/in2": redirect("/c"),
        "example.org/b": page("B", "/c"),
        "example.org/c": page("C"),
    }
    async with stand_in_web(pages) as web:
        files, failures = await collected(web, tmp_path, START, depth=3)
    assert sorted(text[:1] for text in files.values()) == ["B", "C", "S"]
    assert failures == []


async def test_a_trap_of_endless_pages_has_an_end(tmp_path: Path) -> None:
    pages: Pages = {f"example.org/{n}": page(f"{n}", f"/{n + 1}", f"/{n + 2}") for n in range(100)}
    limits = replace(LIMITS, max_crawl_pages=10)
    async with stand_in_web(pages) as web:
        files, failures = await collected(
            web, tmp_path, "http://example.org/0", depth=20, limits=limits
        )
    assert len(files) == 10
    assert [(each.name, each.code) for each in failures] == [
        ("http://example.org/10", "address_refused")
    ]
    assert "like 1 more: 10 addresses were fetched (max_crawl_pages)" in str(failures[0].reason)


async def test_broken_links_are_named_and_the_rest_continues(tmp_path: Path) -> None:
    pages = {"example.org/": page("Start", "/none", "/b"), "example.org/b": page("B")}
    async with stand_in_web(pages) as web:
        files, failures = await collected(web, tmp_path, START, depth=1)
    assert list(files.values())[1] == "B"
    assert [(each.name, each.code) for each in failures] == [
        ("http://example.org/none", "fetch_failed")
    ]


async def test_a_host_inside_is_refused_before_its_rules_are_asked_for(tmp_path: Path) -> None:
    async with stand_in_web(SITE, inner_org=(["10.0.0.1"],)) as web:
        _, failures = await collected(web, tmp_path, "http://inner.org/", depth=2)
    assert [(each.name, each.code) for each in failures] == [
        ("http://inner.org/", "address_refused")
    ]
    assert web.connected == []
