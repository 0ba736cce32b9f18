"""Ingestions as jobs: followed by anybody, cancelled at once, continued after the end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from pathlib import Path

import pytest

from carrel.bootstrap import Application
from carrel.core.access import Principal
from carrel.core.documents import (
    DocumentStatus,
    FileOutcome,
    IncomingFile,
    IngestionEvent,
    IngestionProgress,
    OutcomeKind,
)
from carrel.core.errors import CollectionNotFound, JobNotFound, Unavailable
from carrel.core.jobs import Job, JobState
from carrel.settings.schema import Settings
from running.shared_readers import build
from tiny.counting_embedder import CountingEmbedder

ME = Principal()
SLOW = 0.02
"""Seconds for each text: some hundred texts take long enough to look at them."""


@pytest.fixture
def embedder(tmp_path: Path) -> CountingEmbedder:
    """An embedder that counts."""
    return CountingEmbedder(tmp_path / "journal")


@pytest.fixture(params=["chroma", "faiss"])
def reopen(
    request: pytest.FixtureRequest,
    make_settings: Callable[..., Settings],
    embedder: CountingEmbedder,
) -> Callable[[], Application]:
    """Return a function that opens the data folder."""
    settings = make_settings(engine="scripted", db_type=request.param)
    return lambda: build(settings, embedder)


@pytest.fixture
async def application(reopen: Callable[[], Application]) -> AsyncIterator[Application]:
    """An application over an empty data folder."""
    built = reopen()
    yield built
    await built.close()


def write(folder: Path, name: str, paragraphs: int, about: str = "") -> IncomingFile:
    """Write a text of which each paragraph becomes one chunk."""
    path = folder / name
    about = about or name
    path.write_text(
        "\n\n".join(f"Paragraph {n} of {about}. " + "It resumes. " * 70 for n in range(paragraphs))
    )
    return IncomingFile(path, name)


async def followed(application: Application, job: Job) -> list[IngestionEvent]:
    return [event async for event in application.services.jobs.follow(job.id, ME)]


def outcomes(events: Sequence[IngestionEvent]) -> list[tuple[str, OutcomeKind]]:
    return [(each.name, each.kind) for each in events if isinstance(each, FileOutcome)]


async def consistent(application: Application, collection: str = "UserData") -> int:
    """Check that both indexes hold the chunks of the ready documents, and return their number."""
    target = await application.services.collections.get(collection, ME)
    documents = await application.services.collections.documents(collection, ME)
    assert all(each.status is DocumentStatus.READY for each in documents), documents
    chunks = sum(each.chunks for each in documents)
    assert application.indexes.vectors.count(target.id) == chunks
    assert application.indexes.keywords.count(target.id) == chunks
    return chunks


async def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        await asyncio.sleep(0.005)


async def test_a_job_continues_without_a_follower_and_is_remembered(
    application: Application, tmp_path: Path
) -> None:
    jobs = application.services.jobs
    files = [write(tmp_path, "a.txt", 3), write(tmp_path, "b.txt", 0), write(tmp_path, "c.txt", 2)]
    job = await jobs.start(files, "UserData", ME)
    assert job.state is JobState.WAITING
    await until(lambda: jobs.progress(job) is None)
    ended = await jobs.job(job.id, ME)
    assert ended.state is JobState.FINISHED
    assert ended.ended_at is not None
    assert [each.id for each in await jobs.jobs(ME)] == [job.id]
    expected = [
        ("a.txt", OutcomeKind.ADDED), ("b.txt", OutcomeKind.FAILED), ("c.txt", OutcomeKind.ADDED),
    ]  # fmt: skip
    assert outcomes(await followed(application, job)) == expected
    described = [each for each in await jobs.files(ended) if isinstance(each, FileOutcome)]
    assert [each.reason for each in described] == [None, "it is empty", None]
    assert described[0].document is not None
    assert described[0].document.chunks == 3


async def test_two_followers_see_every_outcome_and_rising_progress(
    application: Application, embedder: CountingEmbedder, tmp_path: Path
) -> None:
    embedder.pause = 0.002
    files = [write(tmp_path, f"{n}.txt", 40) for n in range(4)]
    job = await application.services.jobs.start(files, "UserData", ME)
    first, second = await asyncio.gather(*(followed(application, job) for _ in range(2)))
    for events in (first, second):
        assert outcomes(events) == [(f"{n}.txt", OutcomeKind.ADDED) for n in range(4)]
        progress = [each for each in events if isinstance(each, IngestionProgress)]
        shares = [each.share for each in progress]
        assert shares == sorted(shares)
        assert shares[-1] == 1
        last = progress[-1]
        assert (last.files_done, last.files_total, last.chunks) == (4, 4, 160)
        assert any(each.seconds_left for each in progress)
        assert any(each.chunks_per_second for each in progress)


async def test_jobs_take_turns_so_that_a_small_one_does_not_wait_for_a_large_one(
    application: Application, embedder: CountingEmbedder, tmp_path: Path
) -> None:
    embedder.pause = 0.002
    jobs = application.services.jobs
    large = await jobs.start([write(tmp_path, f"{n}.txt", 20) for n in range(20)], "UserData", ME)
    small = await jobs.start([write(tmp_path, "small.txt", 1)], "UserData", ME)
    await jobs.result(small.id, ME)
    progress = jobs.progress(large)
    assert progress is not None
    assert progress.files_done < 10
    assert len(await jobs.result(large.id, ME)) == 20


async def test_cancelling_stops_the_embedding_and_leaves_nothing_of_the_file_in_work(
    application: Application, embedder: CountingEmbedder, tmp_path: Path
) -> None:
    jobs = application.services.jobs
    files = [
        write(tmp_path, "a.txt", 3),
        write(tmp_path, "b.txt", 600),
        write(tmp_path, "c.txt", 700),
    ]
    await jobs.result((await jobs.start(files[:1], "UserData", ME)).id, ME)
    embedder.pause = SLOW
    job = await jobs.start(files, "UserData", ME)
    await until(lambda: len(embedder.embedded()) > 80)
    before = len(embedder.embedded())
    cancelled = await jobs.cancel(job.id, ME)
    assert cancelled.state is JobState.CANCELLED
    # A group that had begun is finished, and no other one begins.
    assert len(embedder.embedded()) <= before + 32
    assert outcomes(await followed(application, job)) == [("a.txt", OutcomeKind.UNCHANGED)]
    assert await consistent(application) == 3
    assert (await jobs.cancel(job.id, ME)).state is JobState.CANCELLED


async def test_a_job_that_waits_is_cancelled_before_it_begins(
    application: Application, embedder: CountingEmbedder, tmp_path: Path
) -> None:
    embedder.pause = SLOW
    jobs = application.services.jobs
    first = await jobs.start([write(tmp_path, "a.txt", 400)], "UserData", ME)
    second = await jobs.start([write(tmp_path, "b.txt", 3)], "UserData", ME)
    assert (await jobs.cancel(second.id, ME)).state is JobState.CANCELLED
    assert (await jobs.cancel(first.id, ME)).state is JobState.CANCELLED
    assert await consistent(application) == 0


async def test_closing_the_generator_of_a_run_cancels_the_job(
    application: Application, embedder: CountingEmbedder, tmp_path: Path
) -> None:
    embedder.pause = SLOW
    jobs = application.services.jobs
    async with aclosing(jobs.run([write(tmp_path, "a.txt", 400)], "UserData", ME)) as events:
        async for event in events:
            if isinstance(event, IngestionProgress) and event.chunks:
                break
    [job] = await jobs.jobs(ME)
    assert job.state is JobState.CANCELLED
    assert await consistent(application) == 0


async def test_deleting_a_collection_ends_its_jobs_first(
    application: Application, embedder: CountingEmbedder, tmp_path: Path
) -> None:
    embedder.pause = SLOW
    services = application.services
    made = await services.collections.create("Reports", True, ME)
    job = await services.jobs.start([write(tmp_path, "a.txt", 400)], "Reports", ME)
    await until(lambda: len(embedder.embedded()) > 80)
    await services.collections.delete("Reports", ME)
    assert services.jobs.progress(job) is None
    assert await services.jobs.jobs(ME) == []
    assert application.indexes.vectors.count(made.id) == 0
    assert application.indexes.keywords.count(made.id) == 0


async def test_a_job_is_its_accounts_own(application: Application, tmp_path: Path) -> None:
    jobs = application.services.jobs
    job = await jobs.start([write(tmp_path, "a.txt", 1)], "UserData", ME)
    other = Principal("bob", administrator=False)
    assert await jobs.jobs(other) == []
    for call in (jobs.job(job.id, other), jobs.cancel(job.id, other), jobs.result(job.id, other)):
        with pytest.raises(JobNotFound):
            await call
    with pytest.raises(CollectionNotFound):
        await jobs.start([], "Nowhere", ME)
    await jobs.result(job.id, ME)


async def test_an_interrupted_job_continues_where_it_was(
    reopen: Callable[[], Application], embedder: CountingEmbedder, tmp_path: Path
) -> None:
    files = [write(tmp_path, f"{n}.txt", 200) for n in range(3)]
    application = reopen()
    embedder.pause = SLOW / 4
    job = await application.services.jobs.start(files, "UserData", ME)
    waiting = asyncio.create_task(application.services.jobs.result(job.id, ME))
    await until(lambda: len(embedder.embedded()) > 290)
    await application.close()
    with pytest.raises(Unavailable):
        await waiting

    again = reopen()
    embedder.pause = 0
    try:
        [resumed] = await again.services.jobs.resume()
        assert resumed.id == job.id
        assert await again.services.jobs.resume() == []
        events = await followed(again, resumed)
        assert outcomes(events) == [(f"{n}.txt", OutcomeKind.ADDED) for n in range(3)]
        assert await consistent(again) == 600
        # Of the batch that was cut off at most, nothing is embedded twice.
        assert len(set(embedder.embedded())) == 600
        assert len(embedder.embedded()) <= 600 + 64
    finally:
        await again.close()


async def test_without_a_job_to_continue_it_a_half_read_file_fails(
    reopen: Callable[[], Application], embedder: CountingEmbedder, tmp_path: Path
) -> None:
    application = reopen()
    embedder.pause = SLOW
    application.services.ingestion.suspend()
    files = [write(tmp_path, "a.txt", 400)]
    async with aclosing(application.services.ingestion.ingest(files, "UserData", ME)) as events:
        async for event in events:
            if isinstance(event, IngestionProgress) and event.chunks:
                break
    await application.close()
    again = reopen()
    try:
        [document] = await again.services.collections.documents("UserData", ME)
        assert document.status is DocumentStatus.FAILED
        target = await again.services.collections.get("UserData", ME)
        assert again.indexes.vectors.count(target.id) == 0
    finally:
        await again.close()


async def test_what_was_received_stays_until_its_job_ends(
    reopen: Callable[[], Application], embedder: CountingEmbedder, tmp_path: Path
) -> None:
    application = reopen()
    embedder.pause = SLOW
    jobs = application.services.jobs
    folder = jobs.receiving_folder()
    forgotten = jobs.receiving_folder()
    file = write(folder, "0", 400)
    job = await jobs.start([IncomingFile(file.path, "a.txt")], "UserData", ME)
    await until(lambda: len(embedder.embedded()) > 80)
    await application.close()
    assert file.path.is_file()

    again = reopen()
    embedder.pause = 0
    try:
        assert file.path.is_file()
        assert not forgotten.exists()
        await again.services.jobs.resume()
        await again.services.jobs.result(job.id, ME)
        assert not folder.exists()
        assert await consistent(again) == 400
    finally:
        await again.close()


async def test_the_same_bytes_under_another_name_are_embedded_once(
    application: Application, embedder: CountingEmbedder, tmp_path: Path
) -> None:
    jobs = application.services.jobs
    first = write(tmp_path, "report.txt", 90)
    await jobs.result((await jobs.start([first], "UserData", ME)).id, ME)
    copy = IncomingFile(first.path, "copy of the report.txt")
    await application.services.collections.create("Other", True, ME)
    for collection in ("UserData", "Other"):
        [outcome] = await jobs.result((await jobs.start([copy], collection, ME)).id, ME)
        assert outcome.kind is OutcomeKind.ADDED
        assert outcome.document is not None
        assert outcome.document.chunks == 90
    assert len(embedder.embedded()) == 90
    assert await consistent(application) == 180
    assert await consistent(application, "Other") == 90
    # Each is found by its own name and stays when the other one goes.
    found = application.indexes.keywords.search(
        (await application.services.collections.get("UserData", ME)).id, "copy", 200
    )
    assert len(found) == 90
    [original, *_] = [
        each
        for each in await application.services.collections.documents("UserData", ME)
        if each.name == "report.txt"
    ]
    await application.services.collections.delete_document("UserData", original.id, ME)
    assert await consistent(application) == 90


async def test_another_suffix_is_read_in_another_way(
    application: Application, embedder: CountingEmbedder, tmp_path: Path
) -> None:
    jobs = application.services.jobs
    path = tmp_path / "0"
    path.write_text("# Title\n\nSome text.")
    for name in ("a.txt", "a.md"):
        await jobs.result((await jobs.start([IncomingFile(path, name)], "UserData", ME)).id, ME)
    assert len(embedder.embedded()) == 2


async def test_of_a_changed_file_only_what_changed_is_embedded(
    application: Application, embedder: CountingEmbedder, tmp_path: Path
) -> None:
    jobs = application.services.jobs
    file = write(tmp_path, "log.txt", 100)
    await jobs.result((await jobs.start([file], "UserData", ME)).id, ME)
    write(tmp_path, "log.txt", 104)
    [outcome] = await jobs.result((await jobs.start([file], "UserData", ME)).id, ME)
    assert outcome.kind is OutcomeKind.REPLACED
    assert await consistent(application) == 104
    assert len(embedder.embedded()) == 104
