"""Whole applications whose vectors are on a Chroma server: several at once, and without it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

import httpx
import pytest

from carrel import bootstrap, server
from carrel.bootstrap import Application
from carrel.core.access import Principal
from carrel.core.chat import Scope
from carrel.core.documents import USER_DATA, DocumentStatus, FileOutcome, IncomingFile, OutcomeKind
from carrel.core.errors import InvalidSetting, OfflineRefused, RemoteUnavailable
from carrel.core.indexed_text import indexed_text
from carrel.settings.schema import Settings
from carrel.storage.catalog import SqliteCatalog
from stand_ins.chroma_process import ChromaProcess
from texts import ingest_texts
from tiny.counting_embedder import LENGTH, CountingEmbedder

ME = Principal()
Start = Callable[..., Awaitable[Application]]


class NamedEmbedder(CountingEmbedder):
    """One of several embedders, which may differ in the length of their vectors."""

    def __init__(self, folder: Path, name: str = "first", longer: int = 0) -> None:
        super().__init__(folder / f"{name}.journal")
        self.name = name
        self.dimension = LENGTH + longer
        self.before_each: Callable[[], None] = lambda: None
        self._rest = [0.0] * longer

    def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one vector per text, in order."""
        self.before_each()
        return [vector + self._rest for vector in super().embed_documents(texts)]

    def embed_query(self, text: str) -> list[float]:
        """Return the vector of a question."""
        return super().embed_query(text) + self._rest


@pytest.fixture
def settings_of(
    make_settings: Callable[..., Settings], chroma_server: ChromaProcess, tmp_path: Path
) -> Callable[..., Settings]:
    """Return a function that makes settings of a data folder, by default at the server of all."""

    def settings_of_(folder: str, **flags: object) -> Settings:
        served = {"db_type": "chroma_server", "db_url": chroma_server.url}
        given = {"engine": "scripted", "db_dir": tmp_path / folder, **(flags or served)}
        return make_settings(chunk_size=100, chunk_overlap=0, **given)

    return settings_of_


@pytest.fixture
async def start(settings_of: Callable[..., Settings], tmp_path: Path) -> AsyncIterator[Start]:
    """Return a function that starts an application over a data folder; all are closed at last."""
    started: list[Application] = []

    async def start_(
        folder: str, embedder: NamedEmbedder | None = None, **flags: object
    ) -> Application:
        embedder = embedder or NamedEmbedder(tmp_path)
        started.append(
            await asyncio.to_thread(bootstrap.build, settings_of(folder, **flags), embedder)
        )
        return started[-1]

    yield start_
    for each in started:
        await each.close()


def pages(word: str, count: int = 100) -> str:
    """A text of so many chunks."""
    return "\n\n".join(f"{word} {number} {'x' * 80}" for number in range(count))


async def collection_id(application: Application) -> str:
    return (await application.services.collections.get(USER_DATA, ME)).id


async def counted(application: Application) -> int:
    return application.indexes.vectors.count(await collection_id(application))


async def nearest(application: Application, name: str, text: str) -> str:
    """The document whose vector is nearest to that of a chunk."""
    vector = application.indexes.embedder.embed_query(indexed_text(name, None, text))
    [(chunk, cosine)] = application.indexes.vectors.search(
        await collection_id(application), vector, 1
    )
    assert cosine == pytest.approx(1.0, abs=1e-4)
    return chunk.rpartition("-")[0]


async def names_found(application: Application, question: str) -> set[str]:
    found = await application.services.retrieval.search(question, Scope((USER_DATA,), (), 20), ME)
    return {each.document_name for each in found}


async def ingest(application: Application, path: Path) -> FileOutcome:
    events = application.services.ingestion.ingest([IncomingFile(path, path.name)], USER_DATA, ME)
    return [event async for event in events if isinstance(event, FileOutcome)][-1]


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


async def test_two_data_folders_at_one_server_keep_to_themselves(
    start: Start, tmp_path: Path
) -> None:
    one = await start("one")
    two = await start("two", NamedEmbedder(tmp_path, "second", longer=16))
    texts = {"otter.txt": pages("otter"), "badger.txt": pages("badger")}
    of_one, of_two = await asyncio.gather(
        ingest_texts(one, texts), ingest_texts(two, {"heron.txt": pages("heron"), **texts})
    )
    assert (await counted(one), await counted(two)) == (200, 300)
    assert await names_found(one, "otter heron badger") == {"otter.txt", "badger.txt"}
    assert await names_found(two, "heron 7") >= {"heron.txt"}
    assert await nearest(one, "otter.txt", f"otter 7 {'x' * 80}") == of_one["otter.txt"]
    assert await nearest(two, "otter.txt", f"otter 7 {'x' * 80}") == of_two["otter.txt"]

    await one.services.collections.delete_document(USER_DATA, of_one["otter.txt"], ME)
    assert (await counted(one), await counted(two)) == (100, 300)
    await asyncio.gather(one.close(), two.close())
    again = await start("one")
    assert await counted(again) == 100
    again = await start("two", NamedEmbedder(tmp_path, "second", longer=16))
    assert await counted(again) == 300
    assert len(again.indexes.embedder.embedded()) == 300, "nothing was embedded again"  # type: ignore[attr-defined]


async def test_a_deleted_collection_leaves_the_server(
    start: Start, chroma_server: ChromaProcess
) -> None:
    before = chroma_server.collections()
    application = await start("one")
    await application.services.collections.create("Notes", True, ME)
    await ingest_texts(application, {"a.txt": pages("otter", 3)}, "Notes")
    assert len(chroma_server.collections()) == len(before) + 1
    assert await application.services.collections.delete("Notes", ME) == 1
    assert chroma_server.collections() == before


async def test_a_data_folder_that_moves_to_the_server_is_embedded_there_from_its_chunks(
    start: Start, tmp_path: Path
) -> None:
    local = await start("one", db_type="faiss")
    ids = await ingest_texts(local, {"otter.txt": pages("otter")})
    await local.close()
    embedder = NamedEmbedder(tmp_path)
    served = await start("one", embedder)
    assert await counted(served) == 100
    assert len(embedder.embedded()) == 200
    assert await nearest(served, "otter.txt", f"otter 7 {'x' * 80}") == ids["otter.txt"]


async def test_reindex_changes_the_embedder_on_the_server(
    start: Start, settings_of: Callable[..., Settings], tmp_path: Path
) -> None:
    application = await start("one")
    ids = await ingest_texts(application, {"otter.txt": pages("otter")})
    await application.close()
    second = NamedEmbedder(tmp_path, "second", longer=16)
    with pytest.raises(InvalidSetting, match="carrel reindex"):
        await start("one", second)
    with bootstrap.reindexing(settings_of("one"), second) as reindexing:
        assert list(reindexing.run())[-1].chunks_done == 100
    again = await start("one", second)
    assert await nearest(again, "otter.txt", f"otter 7 {'x' * 80}") == ids["otter.txt"]


async def test_vectors_of_an_earlier_embedder_on_the_server_are_not_taken_for_the_new_ones(
    start: Start, settings_of: Callable[..., Settings], tmp_path: Path
) -> None:
    application = await start("one")
    await ingest_texts(application, {"otter.txt": pages("otter")})
    await application.close()
    # Of the same length, so that only the store's content can tell the two apart.
    second = NamedEmbedder(tmp_path, "second")
    with bootstrap.reindexing(settings_of("one", db_type="faiss"), second) as reindexing:
        list(reindexing.run())
    before = len(second.embedded())
    again = await start("one", second)
    assert len(second.embedded()) - before == 100
    assert await counted(again) == 100


async def test_while_the_server_is_down_a_file_fails_and_goes_in_once_it_is_back(
    start: Start, tmp_path: Path
) -> None:
    chroma = ChromaProcess(tmp_path)
    embedder = NamedEmbedder(tmp_path)
    flags = {"db_type": "chroma_server", "db_url": chroma.url}
    with chroma.running():
        application = await start("one", embedder, **flags)
        collections = application.services.collections
        first = await ingest(application, written(tmp_path, "first.txt", pages("otter")))
        assert first.document is not None

        path = written(tmp_path, "second.txt", pages("badger"))
        embedder.before_each = lambda: chroma.stop() if len(embedder.embedded()) > 164 else None
        failed = await ingest(application, path)
        assert (failed.kind, failed.code) == (OutcomeKind.FAILED, "remote_unavailable")
        assert failed.document is not None
        assert failed.document.status is DocumentStatus.FAILED
        assert chroma.url in str(failed.reason)
        with pytest.raises(RemoteUnavailable):
            await collections.delete_document(USER_DATA, first.document.id, ME)
        with pytest.raises(RemoteUnavailable):
            await names_found(application, "otter")
        app = server.create_app(application.services, with_page=False)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            search = f"/v1/collections/{USER_DATA}/search"
            refused = await client.post(search, json={"query": "otter"})
        assert refused.status_code == 502, refused.text
        assert refused.json()["error"]["code"] == "remote_unavailable"

        embedder.before_each = lambda: None
        chroma.start()
        assert await names_found(application, "otter") == {"first.txt"}
        added = await ingest(application, path)
        assert added.kind is OutcomeKind.ADDED
        assert added.document is not None
        # The half of it that was stored at the first try is gone, too.
        assert await counted(application) == 200
        await collections.delete_document(USER_DATA, first.document.id, ME)
        stored = application.indexes.vectors.document_ids(await collection_id(application))
        assert stored == {added.document.id}
        await application.close()


@pytest.mark.parametrize("restarted", [False, True], ids=["next write", "next start"])
async def test_a_server_that_goes_away_in_a_deletion_forgets_later(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, restarted: bool
) -> None:
    chroma = ChromaProcess(tmp_path)
    delete = SqliteCatalog.delete_collection

    def delete_and_lose_the_server(catalog: SqliteCatalog, collection: str) -> None:
        delete(catalog, collection)
        chroma.stop()

    with chroma.running():
        application = await start("one", db_type="chroma_server", db_url=chroma.url)
        await application.services.collections.create("Notes", True, ME)
        await ingest_texts(application, {"a.txt": pages("otter", 3)}, "Notes")
        [name] = chroma.collections()
        monkeypatch.setattr(SqliteCatalog, "delete_collection", delete_and_lose_the_server)
        assert await application.services.collections.delete("Notes", ME) == 1
        chroma.start()
        assert chroma.collections() == {name}
        if restarted:
            await application.close()
            application = await start("one", db_type="chroma_server", db_url=chroma.url)
            assert chroma.collections() == set()
        await ingest_texts(application, {"b.txt": pages("badger", 3)})
        assert len(chroma.collections() - {name}) == 1
        assert name not in chroma.collections()
        await application.close()


async def test_a_file_that_failed_for_want_of_the_server_is_tried_again_with_its_folder(
    start: Start, tmp_path: Path
) -> None:
    chroma = ChromaProcess(tmp_path)
    (tmp_path / "notes").mkdir()
    written(tmp_path / "notes", "a.txt", pages("otter", 3))
    with chroma.running():
        application = await start("one", db_type="chroma_server", db_url=chroma.url)
        chroma.stop()

        async def outcomes() -> list[tuple[str, str | None]]:
            passing = application.services.folders.synchronise(tmp_path / "notes", USER_DATA, ME)
            events = [event async for event in passing]
            return [(each.name, each.code) for each in events if isinstance(each, FileOutcome)]

        assert await outcomes() == [("a.txt", "remote_unavailable")]
        chroma.start()
        assert await outcomes() == [("a.txt", None)]
        assert await counted(application) == 3
        await application.close()


async def test_without_the_server_nothing_starts_and_the_data_folder_is_free_again(
    start: Start, tmp_path: Path
) -> None:
    chroma = ChromaProcess(tmp_path)
    with pytest.raises(RemoteUnavailable, match="does not answer"):
        await start("one", db_type="chroma_server", db_url=chroma.url)
    await (await start("one", db_type="faiss")).close()


async def test_offline_refuses_a_server_on_another_machine(start: Start) -> None:
    with pytest.raises(OfflineRefused, match="--offline"):
        await start("one", db_type="chroma_server", db_url="http://192.0.2.1:8000")
