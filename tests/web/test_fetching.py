"""One GET into a file, within limits."""

from __future__ import annotations

import asyncio
import gzip
from pathlib import Path

import pytest

from carrel.core.errors import AddressRefused, CarrelError, DocumentTooLarge, FetchFailed
from carrel.web.address import WebAddress
from carrel.web.fetching import Answer, Fetcher, FetchLimits
from stand_ins.web_site import PUBLIC, Behaviour, redirect, reply, stand_in_web

START = WebAddress.parse("http://example.org/a")
LIMITS = FetchLimits(1_000_000, 30)


async def fetch(
    pages: dict[str, bytes | Behaviour],
    path: Path,
    limits: FetchLimits = LIMITS,
    **names: list[list[str]],
) -> tuple[Answer, list[str]]:
    """Fetch the start from a web of these pages; return the answer and what was connected to."""
    async with stand_in_web(pages, **names) as web, Fetcher(web.network) as fetcher:
        return await fetcher.fetch(START, path, limits), web.connected


async def refusal(
    pages: dict[str, bytes | Behaviour], path: Path, limits: FetchLimits = LIMITS
) -> CarrelError:
    with pytest.raises(CarrelError) as caught:
        await fetch(pages, path, limits)
    assert "\n" not in str(caught.value)
    return caught.value


async def test_the_document_is_written(tmp_path: Path) -> None:
    answer, _ = await fetch(
        {"example.org/a": reply("Hello", "Text/HTML; charset=x")}, tmp_path / "f"
    )
    assert (tmp_path / "f").read_bytes() == b"Hello"
    assert (answer.address, answer.status, answer.content_type) == (START, 200, "text/html")


async def test_the_request_says_who_asks_and_nothing_else(tmp_path: Path) -> None:
    page = reply("x", Set_Cookie="a=b")
    async with stand_in_web({"example.org/a": page}) as web, Fetcher(web.network) as fetcher:
        for _ in range(2):
            await fetcher.fetch(START, tmp_path / "f", LIMITS)
    lines = web.heads[1].strip().split("\r\n")
    assert lines == [
        "GET /a HTTP/1.1",
        "Host: example.org",
        "User-Agent: Carrel",
        "Accept: */*",
        "Accept-Encoding: gzip",
    ]


async def test_proxies_of_the_environment_are_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    _, connected = await fetch({"example.org/a": reply("x")}, tmp_path / "f")
    assert connected == [f"{PUBLIC} 80"]


async def test_redirects_are_followed(tmp_path: Path) -> None:
    pages = {
        "example.org/a": redirect("/b?c"),
        "example.org/b?c": redirect("http://other.org:8080/d"),
        "other.org:8080/d": reply("Here"),
    }
    answer, connected = await fetch(pages, tmp_path / "f")
    assert str(answer.address) == "http://other.org:8080/d"
    assert (tmp_path / "f").read_bytes() == b"Here"
    assert connected[-1] == f"{PUBLIC} 8080"


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://0x7f.1/",
        "http://[::ffff:7f00:1]/",
        "http://inner.org/",
        "http://localhost/",
        "file:///etc/passwd",
        "ftp://example.org/",
        "http://user:password@example.org/",
    ],
)
async def test_a_redirect_is_checked_like_the_first_address(tmp_path: Path, location: str) -> None:
    site = stand_in_web({"example.org/a": redirect(location)}, inner_org=(["10.0.0.1"],))
    async with site as web, Fetcher(web.network) as fetcher:
        with pytest.raises(AddressRefused):
            await fetcher.fetch(START, tmp_path / "f", LIMITS)
    assert web.connected == [f"{PUBLIC} 80"]
    assert not (tmp_path / "f").exists()


@pytest.mark.parametrize(("redirects", "arrives"), [(5, True), (6, False)])
async def test_at_most_five_redirects(tmp_path: Path, redirects: int, arrives: bool) -> None:
    pages: dict[str, bytes | Behaviour] = {"example.org/a": redirect("/1")}
    pages |= {f"example.org/{n}": redirect(f"/{n + 1}") for n in range(1, redirects)}
    pages[f"example.org/{redirects}"] = reply("Here")
    if arrives:
        await fetch(pages, tmp_path / "f")
        assert (tmp_path / "f").read_bytes() == b"Here"
    else:
        assert "redirects more than 5 times" in str(await refusal(pages, tmp_path / "f"))


@pytest.mark.parametrize(
    ("status", "said"),
    [(404, "404 (Not Found)"), (500, "500 (Internal"), (799, "799:"), (304, "304")],
)
async def test_a_status_of_failure_is_named(tmp_path: Path, status: int, said: str) -> None:
    error = await refusal({"example.org/a": reply("no", status=status)}, tmp_path / "f")
    assert isinstance(error, FetchFailed)
    assert said in str(error)


async def test_a_body_within_the_limit_passes(tmp_path: Path) -> None:
    await fetch({"example.org/a": reply(b"x" * 1000)}, tmp_path / "f", FetchLimits(1000, 30))
    assert (tmp_path / "f").stat().st_size == 1000


async def test_an_announced_size_is_refused_at_once(tmp_path: Path) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999999999999\r\n\r\n"
    assert isinstance(await refusal({"example.org/a": head}, tmp_path / "f"), DocumentTooLarge)


async def test_an_endless_body_is_cut(tmp_path: Path) -> None:
    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    error = await refusal({"example.org/a": endless}, tmp_path / "f")
    assert isinstance(error, DocumentTooLarge)
    assert (tmp_path / "f").stat().st_size <= 1_000_000


async def test_packed_bytes_are_counted_unpacked(tmp_path: Path) -> None:
    bomb = reply(b"\0" * 50_000_000, packed=True)
    assert len(bomb) < 100_000
    assert isinstance(await refusal({"example.org/a": bomb}, tmp_path / "f"), DocumentTooLarge)
    assert (tmp_path / "f").stat().st_size <= 1_000_000


async def test_packed_bodies_are_unpacked(tmp_path: Path) -> None:
    packed = gzip.compress(b"one ") + gzip.compress(b"two")
    page = reply(packed, Content_Encoding="gzip")
    await fetch({"example.org/a": page}, tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == b"one two"


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (reply(b"no gzip", Content_Encoding="gzip"), "damaged"),
        (reply(gzip.compress(b"x" * 999)[:-9], Content_Encoding="gzip"), "incomplete"),
        (reply(b"x", Content_Encoding="br"), "compression that was not requested"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", "does not speak HTTP"),
        (b"SSH-2.0-OpenSSH_9\r\n", "does not speak HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"A: " + b"b" * 200_000 + b"\r\n\r\n", "does not speak HTTP"),
        (b"", "does not speak HTTP"),
    ],
)
async def test_a_broken_answer_is_named(tmp_path: Path, page: bytes, said: str) -> None:
    error = await refusal({"example.org/a": page}, tmp_path / "f")
    assert isinstance(error, FetchFailed)
    assert said in str(error)


async def test_a_server_that_drips_is_given_up(tmp_path: Path) -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nA: ")
        while True:
            writer.write(b"b")
            await writer.drain()
            await asyncio.sleep(0.01)

    error = await refusal({"example.org/a": drip}, tmp_path / "f", FetchLimits(1_000_000, 0.3))
    assert "within 0.3 seconds" in str(error)


async def test_cancelling_closes_the_connection(tmp_path: Path) -> None:
    begun = asyncio.Event()

    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"b")
            await writer.drain()
            begun.set()
            await asyncio.sleep(0.01)

    async with stand_in_web({"example.org/a": drip}) as web, Fetcher(web.network) as fetcher:
        work = asyncio.create_task(fetcher.fetch(START, tmp_path / "f", LIMITS))
        await begun.wait()
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
        await asyncio.wait_for(web.closed.wait(), 5)


async def test_a_check_speaks_before_the_body_is_taken_in(tmp_path: Path) -> None:
    def check(answer: Answer) -> None:
        raise AddressRefused(f"no {answer.content_type}")

    page = reply("x")
    async with stand_in_web({"example.org/a": page}) as web, Fetcher(web.network) as fetcher:
        with pytest.raises(AddressRefused, match="no text/html"):
            await fetcher.fetch(START, tmp_path / "f", LIMITS, check)
    assert not (tmp_path / "f").exists()


async def test_headers_in_other_scripts_are_understood(tmp_path: Path) -> None:
    named = 'attachment; filename="ü.pdf"'
    for encoding in ("utf-8", "latin-1"):
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Disposition: "
        page = head + named.encode(encoding) + b"\r\n\r\n"
        answer, _ = await fetch({"example.org/a": page}, tmp_path / "f")
        assert answer.headers["content-disposition"] == named
