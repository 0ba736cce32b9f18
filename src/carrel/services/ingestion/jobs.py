"""Background ingestion jobs: follow, cancel, resume."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from pathlib import Path
from uuid import uuid4

import structlog

from carrel.core.access import Principal
from carrel.core.documents import (
    Collection,
    FileOutcome,
    IncomingFile,
    IngestionEvent,
    IngestionProgress,
)
from carrel.core.errors import CarrelError, JobNotFound, StorageFull, Unavailable
from carrel.core.jobs import Job, JobFile, JobState, JobStore
from carrel.core.log_reason import log_reason
from carrel.core.protocols.adapters import Catalog
from carrel.core.web import WebRequest
from carrel.disk.failures import disk_errors
from carrel.services.collections import CollectionService
from carrel.services.ingestion.ingestion import IngestionService
from carrel.services.ingestion.job_runner import JobRunner, stored_outcome
from carrel.services.ingestion.running_job import RunningJob
from carrel.services.ingestion.web import WebService

KEPT_JOBS = 100
"""Number of ended jobs that are kept."""

log = structlog.get_logger()


class IngestionJobs:
    """Starts, follows, cancels and, after a restart, resumes ingestions.

    ``folder`` holds the files received for a job until the job ends.
    """

    def __init__(
        self,
        store: JobStore,
        catalog: Catalog,
        ingestion: IngestionService,
        collections: CollectionService,
        web: WebService,
        folder: Path,
    ) -> None:
        self._store = store
        self._catalog = catalog
        self._ingestion = ingestion
        self._web = web
        self._folder = folder.resolve()
        self._work: dict[str, RunningJob] = {}
        self._runner = JobRunner(store, catalog, ingestion, web, self._folder)
        collections.call_before_delete(self._cancel_all_in)
        self._sweep()

    def call_at_outcome(self, observer: Callable[[FileOutcome], None]) -> None:
        """Register a function to be called as each file ends."""
        self._runner.observers.append(observer)

    def receiving_folder(self) -> Path:
        """Create an empty folder for incoming files.

        Pass it to ``start``, or remove it.

        Raises:
            StorageFull: the disk is full.
        """
        folder = self._folder / uuid4().hex
        with disk_errors(folder):
            folder.mkdir()
        return folder

    async def start(
        self,
        files: Sequence[IncomingFile],
        collection: str,
        principal: Principal,
    ) -> Job:
        """Start to ingest, and return at once.

        The files must stay in place until the job ends; a ``receiving_folder`` with them is removed
        then.

        Raises:
            CollectionNotFound: no such collection.
            AccessDenied: the account may not write to it.
        """
        target = await self._ingestion.target(collection, principal)
        job = await asyncio.to_thread(self._store.create, target.id, principal.account, files)
        # Not read back: a name that is no Unicode is stored with question marks in it.
        listed = [JobFile.of(number, each) for number, each in enumerate(files)]
        self._begin(job, target, listed)
        return job

    async def start_web(self, request: WebRequest, collection: str, principal: Principal) -> Job:
        """Start to fetch documents from the web and to ingest each, and return at once.

        Raises:
            OfflineRefused: fetching is disabled.
            InvalidRequest: no address is given.
            CollectionNotFound: no such collection.
            AccessDenied: the account may not write to it.
        """
        self._web.require_allowed(request)
        target = await self._ingestion.target(collection, principal)
        job = await asyncio.to_thread(self._store.create, target.id, principal.account, [], request)
        self._begin(job, target, [])
        return job

    async def run(
        self, files: Sequence[IncomingFile], collection: str, principal: Principal
    ) -> AsyncGenerator[IngestionEvent]:
        """Ingest and yield the events; closing the generator cancels the job.

        Raises: as ``start``.
        """
        job = await self.start(files, collection, principal)
        async with aclosing(self.seen_through(job, principal)) as events:
            async for event in events:
                yield event

    async def run_web(
        self, request: WebRequest, collection: str, principal: Principal
    ) -> AsyncGenerator[IngestionEvent]:
        """Fetch, ingest and yield the events; closing the generator cancels the job.

        Raises: as ``start_web``.
        """
        job = await self.start_web(request, collection, principal)
        async with aclosing(self.seen_through(job, principal)) as events:
            async for event in events:
                yield event

    async def seen_through(self, job: Job, principal: Principal) -> AsyncGenerator[IngestionEvent]:
        """Follow a job; closing the generator cancels it."""
        try:
            async with aclosing(self.follow(job.id, principal)) as events:
                async for event in events:
                    yield event
        finally:
            await self._cancel([self._work[job.id]] if job.id in self._work else [])

    async def follow(self, job_id: str, principal: Principal) -> AsyncGenerator[IngestionEvent]:
        """Yield the outcomes so far, and then further ones and the progress.

        A slow consumer misses some progress, but no outcome. Closing the generator changes nothing.

        Raises:
            JobNotFound: no such job of this account.
            CarrelError: what aborted the job.
        """
        job = await self.job(job_id, principal)
        work = self._work.get(job_id)
        if work is None or job.state.has_ended:  # the end is recorded before it leaves ``_work``
            for each in await self.files(job):
                if isinstance(each, FileOutcome):
                    yield each
            return
        seen = 0
        while True:
            version, ended = work.version, work.has_ended
            new = work.outcomes[seen:]
            seen += len(new)
            for outcome in new:
                yield outcome
            yield work.progress
            if ended:
                break
            await work.change(version)
        if work.error is not None:
            raise work.error

    async def result(self, job_id: str, principal: Principal) -> list[FileOutcome]:
        """Wait for the end of a job. Cancelling the caller does not affect the job.

        Raises:
            JobNotFound: no such job of this account.
            Unavailable: the server shuts down; the job resumes at its next start.
            CarrelError: what aborted the job.
        """
        outcomes: list[FileOutcome] = []
        async with aclosing(self.follow(job_id, principal)) as events:
            async for event in events:
                if isinstance(event, FileOutcome):
                    outcomes.append(event)
        return outcomes

    async def jobs(self, principal: Principal) -> list[Job]:
        """The account's jobs, the latest first."""
        everything = await asyncio.to_thread(self._store.jobs)
        return [each for each in everything if each.account == principal.account]

    async def job(self, job_id: str, principal: Principal) -> Job:
        """One job.

        Raises:
            JobNotFound: no such job of this account.
        """
        job = await asyncio.to_thread(self._store.job, job_id)
        if job is None or job.account != principal.account:
            raise JobNotFound(f"There is no job '{job_id}'.")
        return job

    async def files(self, job: Job) -> list[JobFile | FileOutcome]:
        """The files of a job, in order, with their outcomes."""

        def read() -> list[JobFile | FileOutcome]:
            return [
                stored_outcome(self._catalog, each) or each for each in self._store.files(job.id)
            ]

        return await asyncio.to_thread(read)

    def progress(self, job: Job) -> IngestionProgress | None:
        """Progress of a running job; None for one that ended or was interrupted."""
        work = self._work.get(job.id)
        return None if work is None else work.progress

    async def cancel(self, job_id: str, principal: Principal) -> Job:
        """Stop a job within a second; its ingested files are kept. An ended one is left unchanged.

        Raises:
            JobNotFound: no such job of this account.
        """
        job = await self.job(job_id, principal)
        if job_id in self._work:
            await self._cancel([self._work[job_id]])
        elif not job.state.has_ended:
            # An interrupted one that is not resumed in this process.
            await asyncio.to_thread(self._store.set_state, job_id, JobState.CANCELLED)
        return await self.job(job_id, principal)

    async def resume(self) -> list[Job]:
        """Resume the interrupted jobs, and return them."""
        resumed: list[Job] = []
        collections = await asyncio.to_thread(self._catalog.collections)
        known = {each.id: each for each in collections}
        for job in reversed(await asyncio.to_thread(self._store.jobs)):
            if job.state.has_ended or job.id in self._work:
                continue
            files = await asyncio.to_thread(self._store.files, job.id)
            log.info("job.resumed", job=job.id, files=sum(each.outcome is None for each in files))
            self._begin(job, known[job.collection_id], files)
            resumed.append(job)
        return resumed

    def stop(self) -> None:
        """Start to stop what runs, so that it can be resumed. Stopping twice does nothing."""
        self._ingestion.suspend()
        for work in self._work.values():
            # Once only: a second cancellation would interrupt the clean-up.
            if work.reading is not None and not work.reading.cancelling():
                work.reading.cancel()

    async def close(self) -> None:
        """Stop, and return when everything has stopped."""
        self.stop()
        await self._all_ended(list(self._work.values()))

    def _begin(self, job: Job, target: Collection, files: list[JobFile]) -> None:
        done = sum(each.outcome is not None for each in files)
        work = RunningJob(job, target, files, IngestionProgress(done, len(files), 0))
        self._work[job.id] = work
        work.reading = asyncio.create_task(self._runner.run(work), name=f"ingestion job {job.id}")
        work.ending = asyncio.create_task(self._see_through(work))

    async def _see_through(self, work: RunningJob) -> None:
        """Wait for the end of a job, however it ends, and record it."""
        assert work.reading is not None
        await asyncio.wait([work.reading])
        state: JobState | None = JobState.FINISHED
        if work.reading.cancelled():
            state = JobState.CANCELLED if work.cancelled else None
        elif (error := work.reading.exception()) is not None:
            work.error = self._failure(work.job, error)
        if state is None:
            work.error = Unavailable(
                "The server is shutting down: the job resumes at its next start."
            )
        else:
            try:
                await asyncio.to_thread(self._end, work, state)
            except StorageFull as error:
                # The outcomes have reported it; the next start checks the job again.
                log.warning("job.not_recorded", job=work.job.id, reason=log_reason(error))
        del self._work[work.job.id]
        work.has_ended = True
        work.tell()

    def _failure(self, job: Job, error: BaseException) -> CarrelError:
        if isinstance(error, CarrelError):
            log.warning("job.failed", job=job.id, code=error.code, reason=log_reason(error))
            return error
        log.error("job.failed", job=job.id, exc_info=error)
        return Unavailable(
            "The ingestion failed with an internal error; the server's log has the details."
        )

    def _end(self, work: RunningJob, state: JobState) -> None:
        self._store.set_state(work.job.id, state)
        self._store.forget_ended(KEPT_JOBS)
        for folder in self._received_in(work.files) | {self._folder / work.job.id}:
            shutil.rmtree(folder, ignore_errors=True)
        log.info("job.ended", job=work.job.id, state=state.value)

    async def _cancel(self, works: Sequence[RunningJob]) -> None:
        for work in works:
            # Once only: a second cancellation would interrupt the clean-up.
            if work.reading is not None and not work.reading.cancelling():
                work.cancelled = True
                work.reading.cancel()
        await self._all_ended(works)

    async def _cancel_all_in(self, collection: Collection) -> None:
        works = list(self._work.values())
        await self._cancel([each for each in works if each.collection.id == collection.id])

    async def _all_ended(self, works: Sequence[RunningJob]) -> None:
        tasks = [each.ending for each in works if each.ending is not None]
        if tasks:
            await asyncio.wait(tasks)

    def _received_in(self, files: Sequence[JobFile]) -> set[Path]:
        """Return the receiving folders that hold some of the files."""
        return {
            self._folder / each.path.relative_to(self._folder).parts[0]
            for each in files
            if each.path.is_relative_to(self._folder)
        }

    def _sweep(self) -> None:
        """Remove received files that belong to no job, or to one that ended."""
        with disk_errors(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            found = set(self._folder.iterdir())
        for job in self._store.jobs() if found else ():
            if not job.state.has_ended:
                found -= self._received_in(self._store.files(job.id))
        for folder in found:
            shutil.rmtree(folder, ignore_errors=True)
