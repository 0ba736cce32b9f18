"""State of a job, and its followers."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from carrel.core.documents import (
    Collection,
    FileOutcome,
    IngestionEvent,
    IngestionProgress,
    OutcomeKind,
)
from carrel.core.errors import Unavailable
from carrel.core.jobs import Job, JobState
from carrel.services.ingestion.running_job import RunningJob


@pytest.fixture
def work() -> RunningJob:
    """A job with two files."""
    job = Job("j", "c", "", JobState.RUNNING, datetime.now(UTC))
    return RunningJob(job, Collection("c", "UserData", True, ""), [], IngestionProgress(0, 2, 0))


async def followed(work: RunningJob) -> list[IngestionEvent]:
    return [each async for each in work.events()]


def outcomes(events: list[IngestionEvent]) -> list[str]:
    return [each.name for each in events if isinstance(each, FileOutcome)]


def added(name: str) -> FileOutcome:
    return FileOutcome(name, OutcomeKind.ADDED)


async def test_every_follower_gets_every_outcome_and_the_last_progress(work: RunningJob) -> None:
    early = asyncio.create_task(followed(work))
    await asyncio.sleep(0)
    work.add(added("a.txt"))
    work.show(IngestionProgress(1, 2, 10))
    late = asyncio.create_task(followed(work))
    await asyncio.sleep(0)
    work.add(added("b.txt"))
    work.show(IngestionProgress(2, 2, 20))
    work.end(None)
    for events in (await early, await late, await followed(work)):
        assert outcomes(events) == ["a.txt", "b.txt"]
        assert events[-1] == IngestionProgress(2, 2, 20)


async def test_what_aborted_the_job_comes_after_its_outcomes(work: RunningJob) -> None:
    work.add(added("a.txt"))
    work.end(Unavailable("The disk is gone."))
    got: list[IngestionEvent] = []
    with pytest.raises(Unavailable, match="The disk is gone"):
        async for each in work.events():
            got.append(each)
    assert outcomes(got) == ["a.txt"]


async def test_it_is_stopped_once_and_the_first_reason_holds(work: RunningJob) -> None:
    async def reading() -> None:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            await asyncio.sleep(0.01)
            cleaned_up.append(True)
            raise

    cleaned_up: list[bool] = []
    work.stop(cancelled=True)
    assert not work.cancelled
    work.reading = asyncio.create_task(reading())
    await asyncio.sleep(0)
    work.stop(cancelled=False)
    await asyncio.sleep(0)
    work.stop(cancelled=True)
    await asyncio.wait([work.reading])
    assert cleaned_up == [True]
    assert not work.cancelled
