"""Runs jobs: their files, or what is fetched from the web."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import replace

import structlog

from carrel.core.documents import Collection, FileOutcome, IncomingFile, IngestionProgress
from carrel.core.errors import CarrelError, StorageFull, Unavailable
from carrel.core.jobs import Job, JobFile, JobState, JobStore
from carrel.core.log_reason import log_reason
from carrel.core.protocols.adapters import Catalog
from carrel.core.web import WebRequest
from carrel.services.ingestion.ingestion import IngestionService
from carrel.services.ingestion.received_files import ReceivedFiles
from carrel.services.ingestion.running_job import RunningJob
from carrel.services.ingestion.web import WebService

KEPT_JOBS = 100
"""Number of ended jobs that are kept."""

log = structlog.get_logger()


class JobRunner:
    """Runs jobs to their recorded end, and reports the outcomes to each and the observers.

    ``running`` has the jobs that have not ended, by id.
    """

    def __init__(
        self,
        store: JobStore,
        catalog: Catalog,
        ingestion: IngestionService,
        web: WebService,
        received: ReceivedFiles,
    ) -> None:
        self._store = store
        self._catalog = catalog
        self._ingestion = ingestion
        self._web = web
        self._received = received
        self.running: dict[str, RunningJob] = {}
        self.observers: list[Callable[[FileOutcome], None]] = []

    def start(self, job: Job, collection: Collection, files: list[JobFile]) -> None:
        """Start, or resume, a job."""
        done = sum(each.outcome is not None for each in files)
        work = RunningJob(job, collection, files, IngestionProgress(done, len(files), 0))
        self.running[job.id] = work
        work.reading = asyncio.create_task(self._read(work), name=f"ingestion job {job.id}")
        work.ending = asyncio.create_task(self._see_through(work, work.reading))

    def names_in(self, collection: Collection) -> set[str]:
        """Return the names of all files of the running jobs of a collection."""
        works = [each for each in self.running.values() if each.collection.id == collection.id]
        return {file.name for work in works for file in work.files}

    async def ended(self, works: Sequence[RunningJob]) -> None:
        """Return when the jobs have ended."""
        tasks = [each.ending for each in works if each.ending is not None]
        if tasks:
            await asyncio.wait(tasks)

    async def _see_through(self, work: RunningJob, reading: asyncio.Task[None]) -> None:
        """Wait for the end of a job, however it ends, and record it."""
        await asyncio.wait([reading])
        state: JobState | None = JobState.FINISHED
        failure: CarrelError | None = None
        if reading.cancelled():
            state = JobState.CANCELLED if work.cancelled else None
        elif (error := reading.exception()) is not None:
            failure = _failure(work.job, error)
        if state is None:
            failure = Unavailable("The server is shutting down: the job resumes at its next start.")
        else:
            try:
                await asyncio.to_thread(self._record_end, work, state)
            except StorageFull as full:
                # The outcomes have reported it; the next start checks the job again.
                log.warning("job.not_recorded", job=work.job.id, reason=log_reason(full))
        del self.running[work.job.id]
        work.end(failure)

    def _record_end(self, work: RunningJob, state: JobState) -> None:
        self._store.set_state(work.job.id, state)
        self._store.forget_ended(KEPT_JOBS)
        self._received.remove(work.job, work.files)
        log.info("job.ended", job=work.job.id, state=state.value)

    async def _read(self, work: RunningJob) -> None:
        """Ingest the files without an outcome; then fetch the documents from the web."""

        def earlier() -> list[FileOutcome]:
            found = (stored_outcome(self._catalog, each) for each in work.files)
            return [each for each in found if each is not None]

        work.outcomes.extend(await asyncio.to_thread(earlier))
        await self._ingest(work, [each for each in work.files if each.outcome is None])
        if work.job.web is not None:
            await self._ingest_web(work, work.job.web)

    async def _ingest(self, work: RunningJob, files: Sequence[JobFile]) -> None:
        done, chunks = len(work.outcomes), work.progress.chunks
        events = self._ingestion.ingest_into(work.collection, [each.incoming for each in files])
        open_files: dict[str, deque[JobFile]] = defaultdict(deque)
        for each in files:
            open_files[each.name].append(each)
        async with aclosing(events):
            async for event in events:
                if isinstance(event, FileOutcome):
                    await self._record(work, open_files[event.name].popleft(), event)
                    continue
                work.show(
                    replace(
                        event,
                        files_done=event.files_done + done,
                        files_total=len(work.files),
                        chunks=event.chunks + chunks,
                        # The number of documents to fetch is not known in advance.
                        share=event.share if work.job.web is None else 0.0,
                        seconds_left=event.seconds_left if work.job.web is None else None,
                    )
                )
                if event.current:
                    await self._record_running(work)

    async def _ingest_web(self, work: RunningJob, request: WebRequest) -> None:
        """Fetch document after document; one that was ingested before a restart is unchanged."""
        folder = self._received.fetched(work.job)
        await asyncio.to_thread(self._received.empty_fetched, work.job)
        await self._record_running(work)
        work.show(replace(work.progress, current=request.addresses[0]))
        async with aclosing(self._web.collect(request, folder)) as documents:
            async for each in documents:
                incoming = (
                    each
                    if isinstance(each, IncomingFile)
                    else IncomingFile(folder / "0", each.name)
                )
                [file] = await asyncio.to_thread(self._store.add_files, work.job.id, [incoming])
                work.files.append(file)
                if isinstance(each, FileOutcome):
                    await self._record(work, file, each)
                else:
                    await self._ingest(work, [file])
                    each.path.unlink(missing_ok=True)
                work.show(
                    replace(
                        work.progress,
                        files_done=len(work.outcomes),
                        files_total=len(work.files),
                        current=request.addresses[0],
                        seconds_left=None,
                        share=0.0,
                    )
                )
        work.show(replace(work.progress, current=None, share=1.0))

    async def _record(self, work: RunningJob, file: JobFile, outcome: FileOutcome) -> None:
        work.add(outcome)
        for observer in self.observers:
            observer(outcome)
        # On a full disk the remaining files fail one by one; the next start retries those whose
        # outcome could not be recorded.
        with suppress(StorageFull):
            await asyncio.to_thread(self._store.record, work.job.id, file.ordinal, outcome)

    async def _record_running(self, work: RunningJob) -> None:
        if not work.has_begun:
            work.has_begun = True
            with suppress(StorageFull):
                await asyncio.to_thread(self._store.set_state, work.job.id, JobState.RUNNING)


def stored_outcome(catalog: Catalog, file: JobFile) -> FileOutcome | None:
    """Return the outcome of a file of a job, with its document; None if it has none."""
    if file.outcome is None:
        return None
    document = catalog.document(file.document_id) if file.document_id else None
    return FileOutcome(file.name, file.outcome, document, file.code, file.reason)


def files_of_running_jobs(store: JobStore) -> set[tuple[str, str]]:
    """Return collection id and name of each file that an interrupted job has not finished."""
    return {
        (job.collection_id, file.name)
        for job in store.jobs()
        if not job.state.has_ended
        for file in store.files(job.id)
        if file.outcome is None
    }


def _failure(job: Job, error: BaseException) -> CarrelError:
    if isinstance(error, CarrelError):
        log.warning("job.failed", job=job.id, code=error.code, reason=log_reason(error))
        return error
    log.error("job.failed", job=job.id, exc_info=error)
    return Unavailable(
        "The ingestion failed with an internal error; the server's log has the details."
    )
