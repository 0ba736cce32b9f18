"""Requests to the public web: documents, papers, limits, the end in the middle."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from carrel.core.documents import IncomingFile
from carrel.core.errors import StorageFull
from carrel.core.web import WebRequest
from carrel.ingest.registry import default_registry
from stand_ins.web_site import (
    LIMITS,
    Behaviour,
    collected,
    public_web,
    redirect,
    reply,
    stand_in_web,
)


async def test_documents_arrive_and_failures_do_not_stop_the_next(tmp_path: Path) -> None:
    pages: dict[str, bytes | Behaviour] = {
        "example.org/a": reply("One"),
        "other.org/notes.txt": reply("Two", "text/plain"),
        "other.org/film": reply("Three", "video/mp4"),
    }
    async with stand_in_web(pages, inner_org=(["10.0.0.1"],)) as web:
        files, failures = await collected(
            web,
            tmp_path,
            *("http://example.org/a", "http://example.org/none", "ftp://example.org/"),
            *("http://inner.org/", "http://127.1/", "http://other.org/film"),
            "http://other.org/notes.txt",
        )
    assert files == {"a.html": "One", "notes.txt": "Two"}
    assert [(each.name, each.code) for each in failures] == [
        ("http://example.org/none", "fetch_failed"),
        ("ftp://example.org/", "address_refused"),
        ("http://inner.org/", "address_refused"),
        ("http://127.1/", "address_refused"),
        ("http://other.org/film", "unsupported_format"),
    ]
    assert all(each.reason and "\n" not in each.reason for each in failures)
    # Nothing is left of what failed.
    assert sorted(path.read_text() for path in tmp_path.iterdir()) == ["One", "Two"]


async def test_a_paper_is_fetched_as_pdf(tmp_path: Path) -> None:
    pages: dict[str, bytes | Behaviour] = {"arxiv.org/pdf/2101.00001v2": redirect("http://x.org/p")}
    async with stand_in_web(pages) as web:
        _, failures = await collected(web, tmp_path, "arXiv:2101.00001v2")
    # The stand-in does not speak TLS: the name that was asked for is what is seen here.
    assert web.resolved == ["arxiv.org"]
    assert web.connected == ["93.184.216.34 443"]
    assert [each.name for each in failures] == ["arXiv:2101.00001v2"]


async def test_a_request_has_an_end(tmp_path: Path) -> None:
    pages: dict[str, bytes | Behaviour] = {
        f"example.org/{number}.txt": reply("x" * 600_000, "text/plain") for number in range(5)
    }
    addresses = [f"http://example.org/{number}.txt" for number in range(5)]
    async with stand_in_web(pages) as web:
        files, failures = await collected(
            web, tmp_path, *addresses, limits=replace(LIMITS, max_crawl_pages=2)
        )
        assert sorted(files) == ["0.txt", "1.txt"]
        assert [(each.name, each.reason) for each in failures] == [
            (
                "http://example.org/2.txt",
                "it is left out, like 2 more: 2 addresses were fetched (max_crawl_pages)",
            )
        ]
        files, failures = await collected(
            web, tmp_path, *addresses, limits=replace(LIMITS, max_crawl_megabytes=1.2)
        )
    assert sorted(files) == ["0.txt", "1.txt"]
    assert ["max_crawl_megabytes" in (each.reason or "") for each in failures] == [True]


async def test_time_that_a_request_waits_for_its_reader_is_not_counted(tmp_path: Path) -> None:
    pages: dict[str, bytes | Behaviour] = {
        f"example.org/{number}": reply("x") for number in range(2)
    }
    limits = replace(LIMITS, max_crawl_seconds=1.0)
    async with stand_in_web(pages) as web:
        request = WebRequest(("http://example.org/0", "http://example.org/1"))
        found = []
        async for each in public_web(web, limits).collect(request, tmp_path):
            found.append(type(each))
            await asyncio.sleep(1.1)
    assert found == [IncomingFile, IncomingFile]


async def test_time_that_fetching_takes_is_counted(tmp_path: Path) -> None:
    async def slow(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)

    async with stand_in_web({"example.org/0": slow}) as web:
        _, failures = await collected(
            web,
            tmp_path,
            *("http://example.org/0", "http://example.org/1"),
            limits=replace(LIMITS, max_crawl_seconds=0.2),
        )
    assert ["0.2 seconds" in (each.reason or "") for each in failures] == [True, True]
    assert web.asked == ["example.org/0"]


@pytest.mark.parametrize("depth", [0, 1])
async def test_closing_in_the_middle_closes_the_connection(tmp_path: Path, depth: int) -> None:
    begun = asyncio.Event()

    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
        while True:
            writer.write(b"b")
            await writer.drain()
            begun.set()
            await asyncio.sleep(0.01)

    async with stand_in_web({"example.org/": drip}) as web:
        collecting = public_web(web).collect(WebRequest(("http://example.org/",), depth), tmp_path)
        async with aclosing(collecting) as documents:
            waiting = asyncio.ensure_future(anext(documents))
            await begun.wait()
            web.closed.clear()
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            await asyncio.wait_for(web.closed.wait(), 5)
    assert list(tmp_path.iterdir()) == []


async def test_a_full_disk_ends_the_request(tmp_path: Path) -> None:
    full = Path("/dev/full")
    async with stand_in_web({"example.org/a": reply("x" * 100_000)}) as web:
        (tmp_path / "1").symlink_to(full)
        with pytest.raises(StorageFull):
            await collected(web, tmp_path, "http://example.org/a")


async def test_what_was_fetched_can_be_read(tmp_path: Path) -> None:
    page = reply("<title>Report</title><p>The revenue was 41 million euros.", packed=True)
    async with stand_in_web({"example.org/report": page}) as web:
        request = WebRequest(("http://example.org/report",))
        (file,) = [each async for each in public_web(web).collect(request, tmp_path)]
    assert isinstance(file, IncomingFile)
    assert (file.name, file.content_type) == ("report.html", "text/html")
    (section,) = default_registry().reader_for(file.path, file.name).read(file.path)
    assert (section.text, section.heading) == ("The revenue was 41 million euros.", "Report")
