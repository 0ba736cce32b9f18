"""Documents of the web on their way into a collection, from a stand-in behind the real guard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from carrel.bootstrap import Application
from carrel.core.access import Principal
from carrel.core.chat import Scope
from carrel.core.documents import FileOutcome, OutcomeKind
from carrel.core.errors import InvalidRequest, OfflineRefused
from carrel.core.jobs import JobState
from carrel.core.web import WebRequest
from carrel.settings.schema import Settings
from running.shared_readers import build
from stand_ins.web_site import Behaviour, StandInWeb, public_web, reply, stand_in_web
from tiny.counting_embedder import CountingEmbedder

ME = Principal()

PAGES: dict[str, bytes | Behaviour] = {
    "example.org/": reply('<p>The pier.</p><a href="/a.html">a</a><a href="/b.txt">b</a>'),
    "example.org/a.html": reply("<p>The ferry is called Heron.</p>"),
    "example.org/b.txt": reply("The mill burned in 1888.", "text/plain"),
    "example.org/robots.txt": reply("User-agent: *\nAllow: /\n", "text/plain"),
}


@pytest.fixture
def embedder(tmp_path: Path) -> CountingEmbedder:
    """An embedder that counts."""
    return CountingEmbedder(tmp_path / "journal")


@asynccontextmanager
async def opened(
    settings: Settings, embedder: CountingEmbedder, web: StandInWeb
) -> AsyncIterator[Application]:
    application = build(settings, embedder, public_web(web))
    try:
        yield application
    finally:
        await application.close()


async def fetched(application: Application, *addresses: str, depth: int = 0) -> list[FileOutcome]:
    jobs = application.services.jobs
    job = await jobs.start_web(WebRequest(addresses, depth), "UserData", ME)
    return await jobs.result(job.id, ME)


async def names(application: Application) -> list[str]:
    documents = await application.services.collections.documents("UserData", ME)
    return [each.name for each in documents]


@pytest.fixture
def settings(make_settings: Callable[..., Settings]) -> Settings:
    """Settings that let the web in."""
    return make_settings(engine="scripted", offline=False)


async def test_pages_go_in_and_what_fails_is_named(
    settings: Settings, embedder: CountingEmbedder
) -> None:
    async with stand_in_web(PAGES) as web, opened(settings, embedder, web) as application:
        addresses = (
            "http://example.org/a.html",
            "http://example.org/gone.html",
            "http://127.0.0.1/",
            "http://example.org/b.txt",
        )
        outcomes = await fetched(application, *addresses)
        assert [(each.name, each.kind.value, each.code) for each in outcomes] == [
            ("a.html", "added", None),
            ("http://example.org/gone.html", "failed", "fetch_failed"),
            ("http://127.0.0.1/", "failed", "address_refused"),
            ("b.txt", "added", None),
        ]
        assert web.connected
        assert all(each.startswith("93.184.216.34 ") for each in web.connected)
        assert await names(application) == ["a.html", "b.txt"]
        [job] = await application.services.jobs.jobs(ME)
        assert job.state is JobState.FINISHED
        incoming = settings.storage.db_dir / "incoming"
        assert list(incoming.iterdir()) == []


async def test_a_site_goes_in_and_the_second_time_nothing_changes(
    settings: Settings, embedder: CountingEmbedder
) -> None:
    async with stand_in_web(PAGES) as web, opened(settings, embedder, web) as application:
        first = await fetched(application, "http://example.org/", depth=1)
        assert [each.kind for each in first] == [OutcomeKind.ADDED] * 3
        second = await fetched(application, "http://example.org/", depth=1)
        assert [each.kind for each in second] == [OutcomeKind.UNCHANGED] * 3
        assert len(embedder.embedded()) == 3
        text = "The ferry is called Heron."
        scope = Scope(("UserData",), top_k=3)
        found = await application.services.retrieval.search(text, scope, ME)
        assert any(text in each.chunk.text for each in found)


async def test_cancelling_closes_the_connection(
    settings: Settings, embedder: CountingEmbedder
) -> None:
    begun = asyncio.Event()

    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
        while True:
            writer.write(b"drip ")
            await writer.drain()
            begun.set()
            await asyncio.sleep(0.01)

    pages = PAGES | {"example.org/endless.txt": endless}
    async with stand_in_web(pages) as web, opened(settings, embedder, web) as application:
        jobs = application.services.jobs
        wanted = ("http://example.org/b.txt", "http://example.org/endless.txt")
        job = await jobs.start_web(WebRequest(wanted), "UserData", ME)
        await begun.wait()
        web.closed.clear()
        assert (await jobs.cancel(job.id, ME)).state is JobState.CANCELLED
        await asyncio.wait_for(web.closed.wait(), 30)
        assert await names(application) == ["b.txt"]


async def test_a_job_that_was_interrupted_fetches_again_and_embeds_nothing_twice(
    settings: Settings, embedder: CountingEmbedder
) -> None:
    reached = asyncio.Event()

    async def held(writer: asyncio.StreamWriter) -> None:
        reached.set()
        await asyncio.sleep(60)

    wanted = ("http://example.org/a.html", "http://example.org/b.txt")
    pages = PAGES | {"example.org/b.txt": held}
    async with stand_in_web(pages) as web, opened(settings, embedder, web) as application:
        job = await application.services.jobs.start_web(WebRequest(wanted), "UserData", ME)
        await reached.wait()
    async with stand_in_web(PAGES) as web, opened(settings, embedder, web) as application:
        [resumed] = await application.services.jobs.resume()
        assert (resumed.id, resumed.web) == (job.id, WebRequest(wanted))
        await application.services.jobs.result(job.id, ME)
        assert await names(application) == ["a.html", "b.txt"]
        assert len(embedder.embedded()) == 2


async def test_offline_nothing_is_looked_up(
    make_settings: Callable[..., Settings], embedder: CountingEmbedder
) -> None:
    settings = make_settings(engine="scripted", offline=True)
    async with stand_in_web(PAGES) as web, opened(settings, embedder, web) as application:
        jobs = application.services.jobs
        with pytest.raises(OfflineRefused):
            await jobs.start_web(WebRequest(("http://example.org/",)), "UserData", ME)
        assert web.resolved == []
        assert await jobs.jobs(ME) == []


async def test_no_address_is_refused(settings: Settings, embedder: CountingEmbedder) -> None:
    async with stand_in_web(PAGES) as web, opened(settings, embedder, web) as application:
        with pytest.raises(InvalidRequest):
            await application.services.jobs.start_web(WebRequest((" ",)), "UserData", ME)
