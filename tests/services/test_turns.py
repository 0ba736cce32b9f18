"""No file holds up or breaks the others: endless ones, hanging ones, faults of our own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from pathlib import Path

import pytest

from carrel.bootstrap.application import model_loaders, model_planner
from carrel.bootstrap.services import make_services, public_web
from carrel.bootstrap.stores import open_stores
from carrel.core.access import Principal
from carrel.core.documents import DocumentStatus, FileOutcome, IncomingFile, OutcomeKind
from carrel.core.jobs import JobState
from carrel.engine.pool import ModelPool
from carrel.ingest.sandbox.sandbox import ReadingLimits, SandboxedReaders
from carrel.services.application import Services
from carrel.services.ingestion.file_turns import FileTurns
from carrel.settings.schema import Settings
from tiny.counting_embedder import CountingEmbedder

ME = Principal()
TESTS = Path(__file__).resolve().parents[1]
SECONDS = 120


Opened = Callable[..., AbstractAsyncContextManager[Services]]


class FailingEmbedder(CountingEmbedder):
    """Fails over one word in a way that nobody expects."""

    def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        """Embed, or fail."""
        if any("poison" in each for each in texts):
            raise RuntimeError("nobody expects this")
        return super().embed_documents(texts)


@pytest.fixture
def opened(make_settings: Callable[..., Settings], tmp_path: Path) -> Opened:
    """Return what opens services whose readers obey the files."""

    @asynccontextmanager
    async def open_services(**flags: object) -> AsyncIterator[Services]:
        settings = make_settings(engine="scripted", **flags)
        with ExitStack() as opening:
            stores = open_stores(settings, FailingEmbedder(tmp_path / "journal"), opening)
            registry = ("samples.hostile_readers", "registry")
            limits = ReadingLimits(seconds=SECONDS, bytes=2 << 30)
            readers = SandboxedReaders(limits, {}, registry, TESTS)
            opening.callback(readers.close)
            services = make_services(
                settings,
                stores,
                readers=readers,
                painter=readers,
                web=public_web(settings, readers),
                pool=ModelPool(model_loaders(settings), model_planner(settings)),
                scorer=None,
            )
            yield services
            await services.jobs.close()
            services.ingestion.close()

    return open_services


def files(folder: Path, *contents: str, prefix: str = "") -> list[IncomingFile]:
    made = []
    for number, content in enumerate(contents):
        path = folder / f"{prefix}{number}.txt"
        path.write_text(content)
        made.append(IncomingFile(path, path.name))
    return made


def kinds(outcomes: Sequence[FileOutcome]) -> list[OutcomeKind]:
    return [each.kind for each in outcomes]


async def chunks_in_catalog(services: Services) -> int:
    documents = await services.collections.documents("UserData", ME)
    return sum(each.chunks for each in documents)


@pytest.mark.parametrize("endless", ["flood", "hang"])
async def test_a_small_file_goes_in_while_another_job_reads_without_end(
    opened: Opened, tmp_path: Path, endless: str
) -> None:
    async with opened() as services:
        jobs = services.jobs
        long = await jobs.start(files(tmp_path, f"one\n{endless}", prefix="long"), "UserData", ME)
        small = await jobs.start(files(tmp_path, "small"), "UserData", ME)
        [outcome] = await asyncio.wait_for(jobs.result(small.id, ME), SECONDS)
        assert outcome.kind is OutcomeKind.ADDED
        assert jobs.progress(long) is not None
        assert (await jobs.cancel(long.id, ME)).state is JobState.CANCELLED
        assert [each.name for each in await services.collections.documents("UserData", ME)] == [
            "0.txt"
        ]


async def test_cancelling_one_job_leaves_the_reading_of_another(
    opened: Opened, tmp_path: Path
) -> None:
    async with opened() as services:
        jobs = services.jobs
        first = await jobs.start(files(tmp_path, "hang", prefix="a"), "UserData", ME)
        second = await jobs.start(files(tmp_path, "flood", prefix="b"), "UserData", ME)
        while not (progress := jobs.progress(second)) or not progress.chunks:
            await asyncio.sleep(0.01)
        await jobs.cancel(first.id, ME)
        before = progress.chunks
        while (progress := jobs.progress(second)) and progress.chunks <= before:
            await asyncio.sleep(0.01)
        assert progress is not None
        assert (await jobs.cancel(second.id, ME)).state is JobState.CANCELLED


@pytest.mark.parametrize(
    ("flags", "code", "reason"),
    [
        ({"max_file_chunks": 100}, "document_too_large", "more than 100 chunks (max_file_chunks)"),
        (
            {"max_file_characters": 5000},
            "document_too_large",
            "more than 5,000 characters of text (max_file_characters)",
        ),
        ({"max_file_seconds": 12}, "document_too_slow", "more than 12 seconds (max_file_seconds)"),
    ],
    ids=["chunks", "characters", "seconds"],
)
async def test_a_file_that_passes_a_limit_fails_alone_and_leaves_nothing(
    opened: Opened,
    tmp_path: Path,
    flags: dict[str, int],
    code: str,
    reason: str,
) -> None:
    async with opened(**flags) as services:
        jobs = services.jobs
        job = await jobs.start(files(tmp_path, "one", "flood", "two"), "UserData", ME)
        outcomes = await asyncio.wait_for(jobs.result(job.id, ME), SECONDS)
        assert kinds(outcomes) == [OutcomeKind.ADDED, OutcomeKind.FAILED, OutcomeKind.ADDED]
        assert outcomes[1].code == code
        assert reason in (outcomes[1].reason or "")
        assert "raise that setting" in (outcomes[1].reason or "")
        assert await chunks_in_catalog(services) == 2


@pytest.mark.parametrize("command", ["shout", "log", "print"])
async def test_a_file_whose_reader_talks_goes_in(
    opened: Opened, tmp_path: Path, command: str
) -> None:
    async with opened() as services:
        job = await services.jobs.start(
            files(tmp_path, "one", f"{command}\ntext", "two"), "UserData", ME
        )
        outcomes = await asyncio.wait_for(services.jobs.result(job.id, ME), SECONDS)
        assert kinds(outcomes) == [OutcomeKind.ADDED] * 3


@pytest.mark.parametrize(
    "command", ["crash", "segfault", "fault", "lock", "garbage ffffffff", "poison"]
)
async def test_a_file_that_breaks_something_costs_only_itself(
    opened: Opened, tmp_path: Path, command: str
) -> None:
    async with opened() as services:
        job = await services.jobs.start(
            files(tmp_path, "one", f"text\n{command}", "two"), "UserData", ME
        )
        outcomes = await asyncio.wait_for(services.jobs.result(job.id, ME), SECONDS)
        assert kinds(outcomes) == [OutcomeKind.ADDED, OutcomeKind.FAILED, OutcomeKind.ADDED]
        assert outcomes[1].reason
        documents = await services.collections.documents("UserData", ME)
        assert [each.status for each in documents] == [
            DocumentStatus.READY,
            DocumentStatus.FAILED,
            DocumentStatus.READY,
        ]


async def test_two_jobs_with_one_name_do_not_meet(opened: Opened, tmp_path: Path) -> None:
    """The later waits for the first, also where the first takes long, and replaces it."""
    lines = "\n".join(f"line {number} of the first" for number in range(300))
    [first] = files(tmp_path, lines)
    (tmp_path / "other").mkdir()
    [second] = files(tmp_path / "other", "line of the second")
    async with opened() as services:
        jobs = services.jobs
        started = [await jobs.start([each], "UserData", ME) for each in (first, second)]
        results = await asyncio.gather(*(jobs.result(each.id, ME) for each in started))
        assert [kinds(each) for each in results] == [[OutcomeKind.ADDED], [OutcomeKind.REPLACED]]
        assert await chunks_in_catalog(services) == 1


async def test_a_quick_file_has_its_turn_alone_and_a_long_one_shares_it() -> None:
    turns = FileTurns(most=2, seconds=0.05)
    inside: list[str] = []
    ends = {name: asyncio.Event() for name in "abc"}

    async def work(name: str, key: str) -> None:
        async with turns.turn(("collection", key)):
            inside.append(name)
            await ends[name].wait()
        inside.append(f"/{name}")

    async with asyncio.TaskGroup() as group:
        for name in "abc":
            group.create_task(work(name, name))
        while inside != ["a", "b"]:
            await asyncio.sleep(0.005)
        ends["b"].set()
        while inside != ["a", "b", "/b", "c"]:
            await asyncio.sleep(0.005)
        ends["a"].set()
        ends["c"].set()
    # What was given back once is not given back again by the clock.
    quick = FileTurns(most=2, seconds=3600)
    async with quick.turn(("", "x")):
        waiting = asyncio.create_task(_enter(quick, "y"))
        await asyncio.sleep(0)
        assert not waiting.done()
    await waiting


async def test_files_of_one_key_are_never_in_work_together() -> None:
    turns = FileTurns(most=8, seconds=0.0)
    async with turns.turn(("collection", "x")):
        same = asyncio.create_task(_enter(turns, "x"))
        await asyncio.wait_for(_enter(turns, "y"), SECONDS)
        assert not same.done()
        other = asyncio.create_task(_enter(turns, "x"))
        other.cancel()
    await asyncio.wait_for(same, SECONDS)
    await asyncio.wait_for(_enter(turns, "x"), SECONDS)


async def _enter(turns: FileTurns, key: str) -> None:
    async with turns.turn(("collection", key)):
        pass


async def test_a_file_that_is_refused_at_once_is_not_embedded_before(
    opened: Opened, tmp_path: Path
) -> None:
    lines = "\n".join(f"line {number}" for number in range(500))
    async with opened() as services:
        job = await services.jobs.start(files(tmp_path, f"{lines}\nlock"), "UserData", ME)
        [outcome] = await asyncio.wait_for(services.jobs.result(job.id, ME), SECONDS)
        assert outcome.code == "encrypted_document"
        assert CountingEmbedder(tmp_path / "journal").embedded() == []
