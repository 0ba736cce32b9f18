"""Background ingestion jobs: follow, cancel, resume."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from pathlib import Path

import structlog

from carrel.core.access import Principal
from carrel.core.documents import (
    Collection,
    FileOutcome,
    IncomingFile,
    IngestionEvent,
    IngestionProgress,
)
from carrel.core.errors import JobNotFound
from carrel.core.jobs import Job, JobFile, JobState, JobStore
from carrel.core.protocols.adapters import Catalog
from carrel.core.web import WebRequest
from carrel.services.collections import CollectionService
from carrel.services.ingestion.distinct_names import DistinctNames
from carrel.services.ingestion.ingestion import IngestionService
from carrel.services.ingestion.job_runner import JobRunner, stored_outcome
from carrel.services.ingestion.received_files import ReceivedFiles
from carrel.services.ingestion.running_job import RunningJob
from carrel.services.ingestion.web import WebService

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
        self._received = ReceivedFiles(folder)
        self._runner = JobRunner(store, catalog, ingestion, web, self._received)
        collections.call_before_delete(self._cancel_all_in)
        self._received.sweep(store)
        self._naming = asyncio.Lock()

    def call_at_outcome(self, observer: Callable[[FileOutcome], None]) -> None:
        """Register a function to be called as each file ends."""
        self._runner.observers.append(observer)

    def receiving_folder(self) -> Path:
        """Create an empty folder for incoming files.

        Pass it to ``start``, or remove it.

        Raises:
            StorageFull: the disk is full.
        """
        return self._received.new_folder()

    async def start(
        self,
        files: Sequence[IncomingFile],
        collection: str,
        principal: Principal,
    ) -> Job:
        """Start to ingest, and return at once; ``files`` has the names (see ``DistinctNames``).

        The files must stay in place until the job ends; a ``receiving_folder`` with them is removed
        then.

        Raises:
            CollectionNotFound: no such collection.
            AccessDenied: the account may not write to it.
        """
        target = await self._ingestion.target(collection, principal)
        async with self._naming:
            running = self._runner.names_in(target)
            names = DistinctNames(self._catalog, target.id, running)
            distinct = await asyncio.to_thread(names.of, files)
            job = await asyncio.to_thread(
                self._store.create, target.id, principal.account, distinct
            )
            # Not read back: a name that is no Unicode is stored with question marks in it.
            listed = [JobFile.of(number, each) for number, each in enumerate(distinct)]
            self._runner.start(job, target, listed)
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
        self._runner.start(job, target, [])
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
            work = self._runner.running.get(job.id)
            await self._cancel([] if work is None else [work])

    async def follow(self, job_id: str, principal: Principal) -> AsyncGenerator[IngestionEvent]:
        """Yield the outcomes so far, and then further ones and the progress.

        A slow consumer misses some progress, but no outcome. Closing the generator changes nothing.

        Raises:
            JobNotFound: no such job of this account.
            CarrelError: what aborted the job.
        """
        job = await self.job(job_id, principal)
        work = self._runner.running.get(job_id)
        if work is None or job.state.has_ended:  # the end is recorded before it leaves ``running``
            for each in await self.files(job):
                if isinstance(each, FileOutcome):
                    yield each
            return
        async with aclosing(work.events()) as events:
            async for event in events:
                yield event

    async def result(self, job_id: str, principal: Principal) -> list[FileOutcome]:
        """Wait for the end of a job; the outcomes are in the order of its files.

        Cancelling the caller does not affect the job.

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
        job = await self.job(job_id, principal)
        names = {file.name: place for place, file in enumerate(await self.files(job))}
        return sorted(outcomes, key=lambda outcome: names.get(outcome.name, len(names)))

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
        work = self._runner.running.get(job.id)
        return None if work is None else work.progress

    async def cancel(self, job_id: str, principal: Principal) -> Job:
        """Stop a job within a second; its ingested files are kept. An ended one is left unchanged.

        Raises:
            JobNotFound: no such job of this account.
        """
        job = await self.job(job_id, principal)
        work = self._runner.running.get(job_id)
        if work is not None:
            await self._cancel([work])
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
            if job.state.has_ended or job.id in self._runner.running:
                continue
            files = await asyncio.to_thread(self._store.files, job.id)
            log.info("job.resumed", job=job.id, files=sum(each.outcome is None for each in files))
            self._runner.start(job, known[job.collection_id], files)
            resumed.append(job)
        return resumed

    def stop(self) -> None:
        """Start to stop what runs, so that it can be resumed. Stopping twice does nothing."""
        self._ingestion.suspend()
        for work in self._runner.running.values():
            work.stop(cancelled=False)

    async def close(self) -> None:
        """Stop, and return when everything has stopped."""
        self.stop()
        await self._runner.ended(list(self._runner.running.values()))

    async def _cancel(self, works: Sequence[RunningJob]) -> None:
        for work in works:
            work.stop(cancelled=True)
        await self._runner.ended(works)

    async def _cancel_all_in(self, collection: Collection) -> None:
        works = list(self._runner.running.values())
        await self._cancel([each for each in works if each.collection.id == collection.id])
