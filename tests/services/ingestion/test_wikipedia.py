"""A dump goes in volume by volume, and on from where the last run stopped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from carrel.bootstrap import Application
from carrel.cli.workspace.local_workspace import LocalWorkspace
from carrel.core.access import Principal
from carrel.core.documents import DocumentRecord, DocumentStatus, FileOutcome, OutcomeKind
from carrel.core.errors import CarrelError, RemoteUnavailable, StorageFull, UnreadableDocument
from carrel.core.protocols.adapters import Embedder
from carrel.core.wiki import WikiProgress
from carrel.ingest.wiki import wiki_volumes
from carrel.ingest.wiki.wiki_volumes import ExportedWiki
from carrel.services.indexing.indexing import DocumentIndexer
from carrel.services.ingestion.file_ingestion import FileIngestion
from carrel.services.ingestion.wiki_record import WikiRecord
from carrel.services.ingestion.wikipedia import WikiImport
from carrel.settings.schema import Settings
from running.shared_readers import build
from samples.wiki import END, articles, write_wiki
from waiting import wait_for

ME = Principal()
WIKI = "wiki_full"


class CountingEmbedder:
    """Remembers what it was asked to embed."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.name, self.dimension = embedder.name, embedder.dimension
        self.texts: list[str] = []
        self.resume = Event()
        self.resume.set()
        self._free: int | None = None

    def hold_after(self, texts: int) -> None:
        """Wait after so many texts, until ``resume`` is set."""
        self._free = texts
        self.resume.clear()

    def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        self.texts.extend(texts)
        if self._free is not None and len(self.texts) > self._free:
            assert self.resume.wait(60), "nobody asked the job to stop"
        return self._embedder.embed_documents(texts)

    def embed_query(self, text: str) -> list[float]:
        return self._embedder.embed_query(text)


@pytest.fixture(autouse=True)
def small_volumes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiki_volumes, "MOST_ARTICLES", 4)


@pytest.fixture
def counting(embedder: Embedder) -> CountingEmbedder:
    return CountingEmbedder(embedder)


@pytest.fixture
async def application(
    make_settings: Callable[..., Settings], counting: CountingEmbedder
) -> AsyncIterator[Application]:
    built = build(make_settings(engine="scripted"), counting)
    yield built
    await built.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_wiki(tmp_path / "dump.xml.bz2", articles(10), streams_of=3)


def make_import(application: Application, path: Path, collection: str = WIKI) -> WikiImport:
    dump = ExportedWiki(path)
    record = WikiRecord(path.parent / "records", dump.identity, collection)
    return WikiImport(dump, record, LocalWorkspace(application))


async def run(
    work: WikiImport, stop_after: int | None = None, collection: str = WIKI
) -> tuple[list[FileOutcome], WikiProgress]:
    outcomes: list[FileOutcome] = []
    async with aclosing(work.run(collection)) as events:
        async for event in events:
            if isinstance(event, WikiProgress):
                last = event
                continue
            outcomes.append(event)
            if len(outcomes) == stop_after:
                break
    return outcomes, last


async def ready(application: Application) -> list[tuple[str, int]]:
    documents = await application.services.collections.documents(WIKI, ME)
    assert all(each.status is DocumentStatus.READY for each in documents)
    return sorted((each.name, each.chunks) for each in documents)


VOLUMES = [("dewiki/000000001.xml", 4), ("dewiki/000000005.xml", 4), ("dewiki/000000009.xml", 2)]


async def test_a_dump_becomes_volumes_with_titles_as_headings(
    application: Application, counting: CountingEmbedder, path: Path
) -> None:
    outcomes, last = await run(make_import(application, path))
    assert [each.kind for each in outcomes] == [OutcomeKind.ADDED] * 3
    assert await ready(application) == VOLUMES
    assert (last.volumes, last.articles, last.chunks) == (3, 10, 10)
    assert last.bytes_read == last.bytes_total == path.stat().st_size
    words = " ".join(["word"] * 20)
    assert counting.texts[6] == (
        f"dewiki 000000005\nArticle 7\nArticle 7\n\nFact 7 of the wiki. {words}"
    )


async def test_a_run_that_was_stopped_continues_and_embeds_nothing_twice(
    application: Application, counting: CountingEmbedder, path: Path
) -> None:
    await run(make_import(application, path), stop_after=2)
    assert len(counting.texts) == 8
    outcomes, last = await run(make_import(application, path))
    assert [each.name for each in outcomes] == ["dewiki/000000009.xml"]
    assert len(counting.texts) == len(set(counting.texts)) == 10
    assert (last.volumes, last.articles, last.chunks) == (3, 10, 2)
    assert await ready(application) == VOLUMES
    assert (await run(make_import(application, path)))[0] == []


async def test_a_run_stopped_within_a_volume_leaves_nothing_of_it(
    application: Application,
    counting: CountingEmbedder,
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Progress tells the latest state alone, so that it may come when the volume has ended: the
    # second one is held while it is embedded, until its job has been asked to stop.
    counting.hold_after(4)
    monkeypatch.setattr(FileIngestion, "interrupt", lambda _: counting.resume.set())
    running = asyncio.create_task(run(make_import(application, path)))
    await asyncio.to_thread(wait_for, lambda: len(counting.texts) > 4)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await ready(application) == VOLUMES[:1]
    await run(make_import(application, path))
    assert await ready(application) == VOLUMES


async def test_finished_volumes_are_not_even_read_again(
    application: Application, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await run(make_import(application, path), stop_after=1)
    titles: list[str] = []
    article_of = wiki_volumes.article_of

    def watched(raw: wiki_volumes.RawPage) -> object:
        page = article_of(raw)
        titles.append(page.title if page else "")
        return page

    monkeypatch.setattr(wiki_volumes, "article_of", watched)
    await run(make_import(application, path))
    assert titles == [f"Article {number}" for number in range(5, 11)]


@pytest.mark.parametrize("damage", [b"", b'["cut', b"null\n", b'["a", 1]\n'])
async def test_without_its_record_a_run_compares_and_embeds_nothing_twice(
    application: Application, counting: CountingEmbedder, path: Path, damage: bytes
) -> None:
    await run(make_import(application, path), stop_after=2)
    [record] = (path.parent / "records").iterdir()
    record.write_bytes(damage)
    outcomes, _ = await run(make_import(application, path))
    kinds = [each.kind for each in outcomes]
    assert kinds == [OutcomeKind.UNCHANGED, OutcomeKind.UNCHANGED, OutcomeKind.ADDED]
    assert len(counting.texts) == 10


async def test_a_half_written_line_costs_one_volume_compared(
    application: Application, path: Path
) -> None:
    await run(make_import(application, path), stop_after=2)
    [record] = (path.parent / "records").iterdir()
    record.write_bytes(record.read_bytes()[:-5])
    outcomes, _ = await run(make_import(application, path))
    assert [each.kind for each in outcomes] == [OutcomeKind.UNCHANGED, OutcomeKind.ADDED]
    assert (await run(make_import(application, path)))[0] == []


async def test_a_deleted_collection_is_filled_again(
    application: Application, counting: CountingEmbedder, path: Path
) -> None:
    await run(make_import(application, path))
    await application.services.collections.delete(WIKI, ME)
    await run(make_import(application, path))
    assert await ready(application) == VOLUMES
    assert len(counting.texts) == 20


async def test_another_collection_is_filled_from_the_beginning(
    application: Application, counting: CountingEmbedder, path: Path
) -> None:
    await run(make_import(application, path))
    outcomes, _ = await run(make_import(application, path, "other"), collection="other")
    assert [each.kind for each in outcomes] == [OutcomeKind.ADDED] * 3
    assert len(counting.texts) == 10, "the same volumes are not embedded again"


async def test_a_changed_dump_replaces_the_volumes_that_changed(
    application: Application, counting: CountingEmbedder, path: Path
) -> None:
    await run(make_import(application, path))
    pages = articles(10)
    pages[5] = pages[5].replace("Fact 6", "Fact six")
    write_wiki(path, pages, streams_of=3)
    outcomes, _ = await run(make_import(application, path))
    kinds = [each.kind for each in outcomes]
    assert kinds == [OutcomeKind.UNCHANGED, OutcomeKind.REPLACED, OutcomeKind.UNCHANGED]
    assert await ready(application) == VOLUMES


async def test_a_failed_volume_is_tried_again_and_the_others_are_kept(
    application: Application,
    counting: CountingEmbedder,
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write, failing = DocumentIndexer.write, True

    def fail(indexer: DocumentIndexer, record: DocumentRecord, *rest: Any) -> None:
        if failing and record.name == VOLUMES[1][0]:
            raise UnreadableDocument("it is damaged")
        write(indexer, record, *rest)

    monkeypatch.setattr(DocumentIndexer, "write", fail)
    outcomes, last = await run(make_import(application, path))
    kinds = [each.kind for each in outcomes]
    assert kinds == [OutcomeKind.ADDED, OutcomeKind.FAILED, OutcomeKind.ADDED]
    assert last.articles == 6
    failing = False
    outcomes, _ = await run(make_import(application, path))
    assert [each.kind for each in outcomes] == [OutcomeKind.ADDED, OutcomeKind.UNCHANGED]
    assert await ready(application) == VOLUMES
    assert len(counting.texts) == 10


@pytest.mark.parametrize("failure", [StorageFull, RemoteUnavailable])
async def test_a_full_disk_or_a_server_that_is_down_ends_the_run(
    application: Application,
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    failure: type[CarrelError],
) -> None:
    def fail(*_: object) -> None:
        raise failure("Nothing can be stored.")

    monkeypatch.setattr(DocumentIndexer, "write", fail)
    outcomes, _ = await run(make_import(application, path))
    assert [each.code for each in outcomes] == [failure.code]


async def test_what_is_before_a_cut_goes_in_and_the_whole_dump_completes_it(
    application: Application, counting: CountingEmbedder, tmp_path: Path
) -> None:
    path = write_wiki(tmp_path / "dump.xml", articles(10))
    whole = path.read_bytes()
    path.write_bytes(whole.removesuffix(END.encode()))
    with pytest.raises(UnreadableDocument, match=r"^dump.xml cannot be read: it is cut short"):
        await run(make_import(application, path))
    assert await ready(application) == VOLUMES
    path.write_bytes(whole)
    outcomes, _ = await run(make_import(application, path))
    assert [each.kind for each in outcomes] == [OutcomeKind.UNCHANGED] * 3
    assert len(counting.texts) == 10


async def test_no_temporary_file_is_left(
    application: Application, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    await run(make_import(application, path), stop_after=2)
    assert list(folder.glob("carrel-wiki-*")) == []
