"""Ingestion jobs: list, describe, follow, cancel."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from fastapi import APIRouter, Response

from carrel.api.deps import Api, ApiState, Caller
from carrel.api.streaming.sse import DONE, EventStream, event
from carrel.api.uploads.outcomes import cleaned_outcome
from carrel.core.access import Principal
from carrel.core.documents import FileOutcome
from carrel.core.jobs import Job
from carrel.schemas.jobs import JobBody, JobEventBody, JobFileBody, JobList, ProgressBody

router = APIRouter()

EVENT_SECONDS = 0.2
"""Pause after an event: later ones are merged."""


@router.get("/v1/jobs")
async def list_jobs(api: ApiState, caller: Caller) -> JobList:
    """List the account's jobs, the latest first."""
    names = await _collection_names(api, caller)
    jobs = await api.services.jobs.jobs(caller)
    return JobList(
        jobs=[
            JobBody.of(
                each, names.get(each.collection_id, ""), None, api.services.jobs.progress(each)
            )
            for each in jobs
        ]
    )


@router.get("/v1/jobs/{job_id}")
async def get_job(job_id: str, api: ApiState, caller: Caller) -> JobBody:
    """Describe a job with its files."""
    return await _described(await api.services.jobs.job(job_id, caller), api, caller)


@router.post("/v1/jobs/{job_id}/cancel")
async def cancel_job(job_id: str, api: ApiState, caller: Caller) -> JobBody:
    """Stop a job; ingested files are kept, the current one is not."""
    return await _described(await api.services.jobs.cancel(job_id, caller), api, caller)


@router.get("/v1/jobs/{job_id}/events")
async def follow_job(job_id: str, api: ApiState, caller: Caller) -> Response:
    """Send the job's events as server-sent events; the outcomes so far come first."""
    return EventStream(_events(job_id, api, caller), api.errors, api.closing)


async def _events(job_id: str, api: Api, caller: Principal) -> AsyncGenerator[bytes]:
    jobs = api.services.jobs
    async with aclosing(jobs.follow(job_id, caller)) as events:
        async for each in events:
            if isinstance(each, FileOutcome):
                yield _data(JobEventBody(file=_file(api, each)))
                continue
            yield _data(JobEventBody(progress=ProgressBody.of(each)))
            await asyncio.sleep(EVENT_SECONDS)
    yield _data(JobEventBody(state=(await jobs.job(job_id, caller)).state.value))
    yield DONE


def _data(body: JobEventBody) -> bytes:
    return event(body.model_dump_json(exclude_unset=True))


async def _described(job: Job, api: Api, caller: Principal) -> JobBody:
    names = await _collection_names(api, caller)
    files = [
        _file(api, each) if isinstance(each, FileOutcome) else JobFileBody(name=each.name)
        for each in await api.services.jobs.files(job)
    ]
    progress = api.services.jobs.progress(job)
    return JobBody.of(job, names.get(job.collection_id, ""), files, progress)


def _file(api: Api, outcome: FileOutcome) -> JobFileBody:
    return JobFileBody.of(cleaned_outcome(api, outcome))


async def _collection_names(api: Api, caller: Principal) -> dict[str, str]:
    return {each.id: each.name for each in await api.services.collections.list(caller)}
