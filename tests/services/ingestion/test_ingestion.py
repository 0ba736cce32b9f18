"""Files go in whole or not at all, once, and out again without a trace."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from carrel.bootstrap import Application
from carrel.core.access import Principal
from carrel.core.documents import (
    DocumentStatus,
    FileOutcome,
    IncomingFile,
    IngestionProgress,
    OutcomeKind,
)
from carrel.core.errors import CollectionNotFound, InvalidSetting, StorageFull
from carrel.core.protocols.adapters import Embedder
from carrel.settings.schema import Settings
from running.shared_readers import build

ME = Principal()


async def ingest(
    application: Application, files: Sequence[Path], collection: str = "UserData"
) -> list[FileOutcome]:
    incoming = [IncomingFile(path, path.name) for path in files]
    events = application.services.ingestion.ingest(incoming, collection, ME)
    return [event async for event in events if isinstance(event, FileOutcome)]


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def paragraphs(count: int, about: str = "harbors") -> str:
    return "\n\n".join(
        f"Paragraph {index} about {about}. " + f"It says something of number {index}. " * 20
        for index in range(count)
    )


async def entries(application: Application, name: str = "UserData") -> tuple[int, int, int]:
    """Return what the catalog, the vector index and the keyword index hold of a collection."""
    collection = await application.services.collections.get(name, ME)
    documents = await application.services.collections.documents(name, ME)
    chunks = sum(each.chunks for each in documents if each.status is DocumentStatus.READY)
    indexes = application.indexes
    return chunks, indexes.vectors.count(collection.id), indexes.keywords.count(collection.id)


async def test_every_chunk_is_in_both_indexes(application: Application, tmp_path: Path) -> None:
    [outcome] = await ingest(application, [write(tmp_path, "a.txt", paragraphs(100))])
    assert outcome.kind is OutcomeKind.ADDED
    assert outcome.document is not None
    assert outcome.document.status is DocumentStatus.READY
    assert outcome.document.chunks > 64, "the test wants more than one batch"
    assert await entries(application) == (outcome.document.chunks,) * 3


async def test_the_same_file_again_changes_nothing(
    application: Application, tmp_path: Path
) -> None:
    path = write(tmp_path, "a.txt", "The mill burned in 1888.")
    [first] = await ingest(application, [path])
    [second] = await ingest(application, [path])
    assert second.kind is OutcomeKind.UNCHANGED
    assert second.document == first.document
    assert await entries(application) == (1, 1, 1)


async def test_a_changed_file_replaces_the_old_one(
    application: Application, tmp_path: Path
) -> None:
    path = write(tmp_path, "a.txt", "The mill burned in 1888.")
    await ingest(application, [path])
    write(tmp_path, "a.txt", "The mill burned in 1889.")
    [second] = await ingest(application, [path])
    assert second.kind is OutcomeKind.REPLACED
    documents = await application.services.collections.documents("UserData", ME)
    assert [each.id for each in documents] == [second.document.id]
    assert await entries(application) == (1, 1, 1)


async def test_a_broken_new_version_leaves_the_old_one_searchable(
    application: Application, tmp_path: Path
) -> None:
    path = write(tmp_path, "a.txt", "The mill burned in 1888.")
    await ingest(application, [path])
    path.write_bytes(b"")
    [outcome] = await ingest(application, [path])
    assert (outcome.kind, outcome.code) == (OutcomeKind.FAILED, "empty_document")
    assert await entries(application) == (1, 1, 1)
    documents = await application.services.collections.documents("UserData", ME)
    assert sorted(each.status for each in documents) == ["failed", "ready"]


async def test_a_failed_file_that_is_mended_is_no_longer_listed_as_failed(
    application: Application, tmp_path: Path
) -> None:
    path = write(tmp_path, "a.txt", "")
    await ingest(application, [path])
    await ingest(application, [path])
    [failed] = await application.services.collections.documents("UserData", ME)
    assert failed.status is DocumentStatus.FAILED
    assert failed.reason == "it is empty"
    write(tmp_path, "a.txt", "Now there is text.")
    await ingest(application, [path])
    [ready] = await application.services.collections.documents("UserData", ME)
    assert ready.status is DocumentStatus.READY


async def test_stopping_in_the_middle_leaves_nothing_of_the_file(
    application: Application, tmp_path: Path
) -> None:
    path = write(tmp_path, "long.txt", paragraphs(400))
    events = application.services.ingestion.ingest([IncomingFile(path, path.name)], "UserData", ME)
    async for event in events:
        if isinstance(event, IngestionProgress) and event.chunks:
            break
    await events.aclose()
    assert await entries(application) == (0, 0, 0)
    assert not await application.services.collections.documents("UserData", ME)


async def test_cancelling_the_task_waits_for_the_batch_and_leaves_nothing(
    application: Application, tmp_path: Path
) -> None:
    path = write(tmp_path, "long.txt", paragraphs(400))
    task = asyncio.create_task(ingest(application, [path]))
    while not (await entries(application))[1]:
        await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await entries(application) == (0, 0, 0)
    assert not await application.services.collections.documents("UserData", ME)


class FailingEmbedder:
    """The real embedder until its n-th batch, where the disk is full."""

    def __init__(self, embedder: Embedder, batches: int) -> None:
        self._embedder = embedder
        self._batches = batches
        self.name, self.dimension = embedder.name, embedder.dimension
        self.embed_query = embedder.embed_query

    def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        """Embed, or fail."""
        self._batches -= 1
        if self._batches < 0:
            raise StorageFull("No space left.")
        return self._embedder.embed_documents(texts)


async def test_a_failure_after_some_batches_takes_back_what_was_stored(
    make_settings: Callable[..., Settings], embedder: Embedder, tmp_path: Path
) -> None:
    settings = make_settings(engine="scripted")
    application = build(settings, FailingEmbedder(embedder, 2))
    try:
        short = write(tmp_path, "short.txt", "One sentence.")
        long = write(tmp_path, "long.txt", paragraphs(400))
        outcomes = await ingest(application, [short, long, short])
        # The long one may end at any place among the short ones.
        ended = sorted((each.name, each.code) for each in outcomes)
        assert ended == [("long.txt", "storage_full"), ("short.txt", None), ("short.txt", None)]
        kinds = [each.kind for each in outcomes if each.name == "short.txt"]
        assert kinds == [OutcomeKind.ADDED, OutcomeKind.UNCHANGED]
        assert await entries(application) == (1, 1, 1)
    finally:
        await application.close()


async def test_an_index_that_was_lost_is_made_again_from_the_catalog(
    make_settings: Callable[..., Settings], embedder: Embedder, tmp_path: Path
) -> None:
    application = build(make_settings(engine="scripted"), embedder)
    await ingest(application, [write(tmp_path, "a.txt", paragraphs(100))])
    before = await entries(application)
    await application.close()

    again = build(make_settings(engine="scripted", db_type="faiss"), embedder)
    try:
        assert await entries(again) == before
    finally:
        await again.close()


async def test_another_embedder_is_refused_while_there_are_documents(
    make_settings: Callable[..., Settings], embedder: Embedder, tmp_path: Path
) -> None:
    class Renamed(FailingEmbedder):
        def __init__(self) -> None:
            super().__init__(embedder, 1000)
            self.name = "another"

    settings = make_settings(engine="scripted")
    application = build(settings, embedder)
    [outcome] = await ingest(application, [write(tmp_path, "a.txt", "text")])
    await application.close()
    with pytest.raises(InvalidSetting, match=r"another.*--embedder"):
        build(settings, Renamed())

    application = build(settings, embedder)
    assert outcome.document is not None
    await application.services.collections.delete_document("UserData", outcome.document.id, ME)
    await application.close()
    application = build(settings, Renamed())
    await application.close()


async def test_deleting_leaves_nothing_behind(application: Application, tmp_path: Path) -> None:
    collections = application.services.collections
    await collections.create("Müller & Söhne", False, ME)
    paths = [write(tmp_path, f"{each}.txt", paragraphs(5, each)) for each in ("oak", "elm")]
    outcomes = await ingest(application, paths, "Müller & Söhne")
    original = await collections.original("Müller & Söhne", outcomes[0].document.id, ME)
    assert original.read_text() == paths[0].read_text()
    await collections.delete_document("Müller & Söhne", outcomes[0].document.id, ME)
    assert not original.exists()
    left = outcomes[1].document.chunks
    assert await entries(application, "Müller & Söhne") == (left, left, left)
    assert await collections.delete("Müller & Söhne", ME) == 1
    with pytest.raises(CollectionNotFound):
        await collections.get("Müller & Söhne", ME)


async def test_progress_counts_files_and_chunks_and_estimates_the_rest(
    application: Application, tmp_path: Path
) -> None:
    paths = [write(tmp_path, f"{index}.txt", paragraphs(10, str(index))) for index in range(3)]
    incoming = [IncomingFile(path, path.name) for path in paths]
    seen = [
        event
        async for event in application.services.ingestion.ingest(incoming, "UserData", ME)
        if isinstance(event, IngestionProgress)
    ]
    assert [event.files_done for event in seen] == sorted(event.files_done for event in seen)
    assert (seen[0].files_done, seen[-1].files_done, seen[-1].files_total) == (0, 3, 3)
    assert seen[0].seconds_left is None
    assert any(event.seconds_left for event in seen[1:])
    assert seen[-1].chunks == (await entries(application))[0]


async def test_two_batches_at_once_take_turns(application: Application, tmp_path: Path) -> None:
    one = write(tmp_path, "one.txt", paragraphs(20, "one"))
    two = write(tmp_path, "two.txt", paragraphs(20, "two"))
    outcomes = await asyncio.gather(ingest(application, [one]), ingest(application, [two]))
    assert [kind.kind for [kind] in outcomes] == [OutcomeKind.ADDED, OutcomeKind.ADDED]
    chunks, vectors, keywords = await entries(application)
    assert chunks == vectors == keywords > 0
