"""Names of the files of one job."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from carrel.bootstrap import Application
from carrel.core.access import Principal
from carrel.core.documents import IncomingFile, OutcomeKind
from carrel.settings.schema import Settings
from running.shared_readers import build
from tiny.counting_embedder import CountingEmbedder

ME = Principal()


@pytest.fixture
async def application(
    make_settings: Callable[..., Settings], tmp_path: Path
) -> AsyncIterator[Application]:
    built = build(make_settings(engine="scripted"), CountingEmbedder(tmp_path / "journal"))
    yield built
    await built.close()


def files(folder: Path, *texts: tuple[str, str]) -> list[IncomingFile]:
    """Write texts, each to a path of its own."""
    made = []
    for name, text in texts:
        path = folder / f"{len(list(folder.iterdir()))}"
        path.write_text(text)
        made.append(IncomingFile(path, name))
    return made


async def added(application: Application, given: list[IncomingFile]) -> list[tuple[str, str]]:
    """Ingest, and return names and outcomes."""
    jobs = application.services.jobs
    job = await jobs.start(given, "UserData", ME)
    return [(each.name, each.kind.value) for each in await jobs.result(job.id, ME)]


async def test_a_number_that_another_document_has_is_left_out(
    application: Application, tmp_path: Path
) -> None:
    await added(application, files(tmp_path, ("a (2).txt", "a text of its own")))
    given = files(tmp_path, ("a.txt", "one"), ("a.txt", "two"), ("a (3).txt", "three"))
    expected = ["a.txt", "a (4).txt", "a (3).txt"]
    assert await added(application, given) == [(name, "added") for name in expected]
    assert await added(application, given) == [(name, "unchanged") for name in expected]
    assert len(await application.services.collections.documents("UserData", ME)) == 4


async def test_equal_bytes_of_one_name_are_one_document(
    application: Application, tmp_path: Path
) -> None:
    given = files(tmp_path, ("a.txt", "one"), ("a.txt", "one"), ("a.txt", "two"), ("a.txt", "two"))
    found = await added(application, given)
    assert sorted(found) == [
        ("a (2).txt", "added"), ("a (2).txt", "unchanged"),
        ("a.txt", "added"), ("a.txt", "unchanged"),
    ]  # fmt: skip


async def test_jobs_at_the_same_time_do_not_take_the_same_number(
    application: Application, tmp_path: Path
) -> None:
    first = files(tmp_path, ("a.txt", "one"), ("a.txt", "two"))
    second = files(tmp_path, ("a.txt", "one"), ("a.txt", "three"))
    both = await asyncio.gather(added(application, first), added(application, second))
    assert {name for found in both for name, _ in found} == {"a.txt", "a (2).txt", "a (3).txt"}


async def test_a_file_that_is_missing_fails_under_a_name_of_its_own(
    application: Application, tmp_path: Path
) -> None:
    given = files(tmp_path, ("a.txt", "one"))
    given.append(IncomingFile(tmp_path / "missing", "a.txt"))
    found = await added(application, given)
    assert found == [("a.txt", OutcomeKind.ADDED), ("a (2).txt", OutcomeKind.FAILED)]


async def test_a_small_file_does_not_wait_for_a_large_one_of_its_job(
    application: Application, tmp_path: Path
) -> None:
    long = "\n\n".join(f"Paragraph {n}. " + "It resumes. " * 70 for n in range(200))
    given = files(tmp_path, ("long.txt", long), ("short.txt", "one"))
    jobs = application.services.jobs
    job = await jobs.start(given, "UserData", ME)
    events = [event async for event in jobs.follow(job.id, ME)]
    ended = [each.name for each in events if hasattr(each, "kind")]
    assert ended == ["short.txt", "long.txt"]
