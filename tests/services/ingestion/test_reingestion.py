"""Documents read again from their originals, replaced atomically."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import aclosing
from pathlib import Path

import pytest

from carrel.bootstrap import Application
from carrel.core.access import Principal
from carrel.core.chat import Scope
from carrel.core.documents import DocumentRecord, FileOutcome, IncomingFile, OutcomeKind
from carrel.core.errors import CollectionNotFound, DocumentNotFound
from carrel.core.jobs import JobState
from carrel.ingest.sandbox.sandbox import SandboxedReaders
from carrel.settings.schema import Settings
from running.real_processes import ROOT
from running.shared_readers import build
from tiny.counting_embedder import CountingEmbedder

ME = Principal()
KILLED = 9


@pytest.fixture(params=["chroma", "faiss"])
def settings(request: pytest.FixtureRequest, make_settings: Callable[..., Settings]) -> Settings:
    """Settings of an empty data folder, for each kind of store."""
    return make_settings(engine="scripted", db_type=request.param, chunk_size=400, chunk_overlap=0)


@pytest.fixture
def embedder(tmp_path: Path) -> CountingEmbedder:
    """An embedder that needs no model."""
    return CountingEmbedder(tmp_path / "journal")


def smaller(settings: Settings) -> Settings:
    """The same data folder with chunks of another size."""
    documents = settings.documents.model_copy(update={"chunk_size": 100})
    return settings.model_copy(update={"documents": documents})


def text(count: int = 30) -> str:
    return "\n\n".join(f"The otter of paragraph {number} eats fish." for number in range(count))


async def ingest(application: Application, path: Path) -> DocumentRecord:
    files = [IncomingFile(path, path.name)]
    events = application.services.ingestion.ingest(files, "UserData", ME)
    [outcome] = [each async for each in events if isinstance(each, FileOutcome)]
    assert outcome.document is not None
    return outcome.document


async def long_document(
    settings: Settings, embedder: CountingEmbedder, folder: Path
) -> tuple[Application, DocumentRecord]:
    """Return an application of other settings than those a long document was read with."""
    path = folder / "otters.txt"
    path.write_text(text(2000))
    application = build(settings, embedder)
    before = await ingest(application, path)
    await application.close()
    return build(smaller(settings), embedder), before


async def reingest(application: Application, *ids: str) -> list[FileOutcome]:
    services = application.services
    begun = await services.reingestion.start(ids, "UserData", ME)
    outcomes = list(begun.refused)
    if begun.job is not None:
        outcomes += await services.jobs.result(begun.job.id, ME)
    return outcomes


async def documents(application: Application) -> Sequence[DocumentRecord]:
    return await application.services.collections.documents("UserData", ME)


async def require_agreement(application: Application, document: DocumentRecord) -> None:
    """Insist that both indexes hold just the chunks of a document, and that each is found."""
    collection = await application.services.collections.get("UserData", ME)
    chunks = await application.services.places.chunks("UserData", document.id, ME)
    assert len(chunks) == document.chunks
    vectors, keywords = application.indexes.vectors, application.indexes.keywords
    assert (vectors.count(collection.id), keywords.count(collection.id)) == (len(chunks),) * 2
    assert len(vectors.vectors(collection.id, [each.id for each in chunks])) == len(chunks)
    for scope in (Scope(("UserData",), (), 1), Scope(("UserData",), (document.id,), 1)):
        [found] = await application.services.retrieval.search("otter", scope, ME)
        assert found.chunk.document_id == document.id


async def test_a_document_is_read_with_the_settings_of_today(
    settings: Settings, embedder: CountingEmbedder, tmp_path: Path
) -> None:
    path = tmp_path / "otters.txt"
    path.write_text(text())
    application = build(settings, embedder)
    before = await ingest(application, path)
    path.unlink()
    await application.close()
    application = build(smaller(settings), embedder)
    for _ in range(2):
        [outcome] = await reingest(application, before.id)
        assert outcome.kind is OutcomeKind.REPLACED
        [after] = await documents(application)
        assert outcome.document == after
        kept = ("id", "name", "sha256", "bytes", "added_at")
        assert [getattr(after, each) for each in kept] == [getattr(before, each) for each in kept]
        assert after.chunks > before.chunks
        await require_agreement(application, after)
    await application.close()
    application = build(smaller(settings), embedder)
    await require_agreement(application, after)
    await application.services.collections.delete_document("UserData", before.id, ME)
    collection = await application.services.collections.get("UserData", ME)
    assert application.indexes.vectors.count(collection.id) == 0
    assert application.indexes.keywords.count(collection.id) == 0
    await application.close()


async def test_what_failed_is_kept_and_read_once_that_can_be_done(
    settings: Settings,
    embedder: CountingEmbedder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "otters.docx"
    path.write_text(text())
    application = build(settings, embedder)
    failed = await ingest(application, path)
    path.unlink()
    await application.close()
    application = build(settings, embedder)
    [again] = await reingest(application, failed.id)
    assert (again.kind, again.code) == (OutcomeKind.FAILED, "unsupported_format")
    assert await documents(application) == [failed]
    reader_for = SandboxedReaders.reader_for
    monkeypatch.setattr(
        SandboxedReaders, "reader_for", lambda self, path, name: reader_for(self, path, "a.txt")
    )
    begun = await application.services.reingestion.start_failed("UserData", ME)
    assert begun.job is not None
    await application.services.jobs.result(begun.job.id, ME)
    [ready] = await documents(application)
    assert (ready.id, ready.added_at, ready.reason) == (failed.id, failed.added_at, None)
    await require_agreement(application, ready)
    with pytest.raises(DocumentNotFound, match="No document of 'UserData' has failed"):
        await application.services.reingestion.start_failed("UserData", ME)
    await application.close()


async def test_a_failure_leaves_what_was_read_before(
    settings: Settings,
    embedder: CountingEmbedder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "otters.txt"
    path.write_text(text())
    application = build(settings, embedder)
    before = await ingest(application, path)
    reader_for = SandboxedReaders.reader_for
    monkeypatch.setattr(
        SandboxedReaders, "reader_for", lambda self, path, name: reader_for(self, path, "a.docx")
    )
    [outcome] = await reingest(application, before.id)
    assert (outcome.kind, outcome.code) == (OutcomeKind.FAILED, "unsupported_format")
    assert outcome.reason
    assert await documents(application) == [before]
    await require_agreement(application, before)
    await application.close()


async def test_a_cancelled_reading_leaves_what_was_read_before(
    settings: Settings, embedder: CountingEmbedder, tmp_path: Path
) -> None:
    application, before = await long_document(settings, embedder, tmp_path)
    jobs = application.services.jobs
    begun = await application.services.reingestion.start([before.id], "UserData", ME)
    assert begun.job is not None
    async for event in jobs.follow(begun.job.id, ME):
        if not isinstance(event, FileOutcome) and event.chunks:
            break
    assert (await jobs.cancel(begun.job.id, ME)).state is JobState.CANCELLED
    assert await documents(application) == [before]
    await require_agreement(application, before)
    await application.close()


async def test_a_document_without_its_original_says_so(
    settings: Settings, embedder: CountingEmbedder, tmp_path: Path
) -> None:
    path = tmp_path / "empty.txt"
    path.write_text("")
    application = build(settings, embedder)
    failed = await ingest(application, path)
    [outcome] = await reingest(application, failed.id)
    assert outcome.reason == "The original of 'empty.txt' is not kept: add the file again."
    with pytest.raises(DocumentNotFound):
        await reingest(application, "unknown")
    await application.close()


async def test_a_document_that_is_deleted_meanwhile_stays_away(
    settings: Settings, embedder: CountingEmbedder, tmp_path: Path
) -> None:
    application, before = await long_document(settings, embedder, tmp_path)
    services = application.services
    # Slow enough that it is deleted before the new chunks take its place.
    embedder.pause = 0.02
    begun = await services.reingestion.start([before.id], "UserData", ME)
    assert begun.job is not None
    async with aclosing(services.jobs.follow(begun.job.id, ME)) as events:
        async for event in events:
            if not isinstance(event, FileOutcome) and event.chunks:
                break
    # A job that has ended knows nothing of a deleted document: it is followed from before.
    result = asyncio.create_task(services.jobs.result(begun.job.id, ME))
    await services.collections.delete_document("UserData", before.id, ME)
    [outcome] = await result
    assert (outcome.kind, outcome.document) == (OutcomeKind.FAILED, None)
    assert outcome.reason == "it has been deleted or replaced meanwhile"
    collection = await services.collections.get("UserData", ME)
    assert application.indexes.vectors.count(collection.id) == 0
    assert not await documents(application)
    await application.close()


KILLED_PROGRAM = """
import asyncio, os, sys
from pathlib import Path
from carrel import bootstrap
from carrel.core.access import Principal
from carrel.core.documents import FileOutcome
from carrel.settings.load import load_settings
from tiny.counting_embedder import CountingEmbedder

async def main(data, db_type, journal):
    flags = {"db_dir": data, "db_type": db_type, "engine": "scripted", "offline": "True",
             "chunk_size": "100", "chunk_overlap": "0"}
    settings = load_settings(flags, {}).settings
    application = bootstrap.build(settings, CountingEmbedder(Path(journal)))
    services = application.services
    [document] = await services.collections.documents("UserData", Principal())
    begun = await services.reingestion.start([document.id], "UserData", Principal())
    async for event in services.jobs.follow(begun.job.id, Principal()):
        if not isinstance(event, FileOutcome) and event.chunks >= 128:
            os._exit(9)

asyncio.run(main(*sys.argv[1:]))
"""


async def test_killed_in_between_the_old_one_is_whole_and_the_job_continues(
    settings: Settings, embedder: CountingEmbedder, tmp_path: Path
) -> None:
    path = tmp_path / "otters.txt"
    path.write_text(text(2000))
    application = build(settings, embedder)
    before = await ingest(application, path)
    await application.close()
    data, kind = str(settings.storage.db_dir), settings.documents.db_type
    killed = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", KILLED_PROGRAM, data, kind, str(tmp_path / "journal")],
        cwd=ROOT / "tests",
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT / 'tests'}"},
        capture_output=True,
        text=True,
    )
    assert killed.returncode == KILLED, killed.stderr
    application = build(smaller(settings), embedder)
    assert await documents(application) == [before]
    chunks = await application.services.places.chunks("UserData", before.id, ME)
    assert len(chunks) == before.chunks
    [found] = await application.services.retrieval.search(
        "otter", Scope(("UserData",), (before.id,), 1), ME
    )
    assert found.chunk.document_id == before.id
    [job] = await application.services.jobs.resume()
    [outcome] = await application.services.jobs.result(job.id, ME)
    assert outcome.kind is OutcomeKind.REPLACED
    [after] = await documents(application)
    assert (after.id, after.added_at) == (before.id, before.added_at)
    assert after.chunks > before.chunks
    await require_agreement(application, after)
    await application.close()


async def test_documents_of_another_collection_or_account_are_not_found(
    settings: Settings, embedder: CountingEmbedder, tmp_path: Path
) -> None:
    path = tmp_path / "otters.txt"
    path.write_text(text())
    application = build(settings, embedder)
    document = await ingest(application, path)
    await application.services.collections.create("Mine", False, ME)
    stranger = Principal("ada", administrator=False)
    with pytest.raises(CollectionNotFound):
        await application.services.reingestion.start([document.id], "Mine", stranger)
    with pytest.raises(DocumentNotFound):
        await application.services.reingestion.start([document.id], "Mine", ME)
    await application.close()
