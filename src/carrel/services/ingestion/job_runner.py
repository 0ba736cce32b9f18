"""Runs a job: its files one after the other, or what it fetches from the web."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import replace
from pathlib import Path

from carrel.core.documents import FileOutcome, IncomingFile, IngestionProgress
from carrel.core.errors import StorageFull
from carrel.core.jobs import JobFile, JobState, JobStore
from carrel.core.protocols.adapters import Catalog
from carrel.core.web import WebRequest
from carrel.disk.failures import disk_errors
from carrel.services.ingestion.ingestion import IngestionService
from carrel.services.ingestion.running_job import RunningJob
from carrel.services.ingestion.web import WebService


class JobRunner:
    """Ingests the files of jobs, and reports the outcomes to each job and the observers."""

    def __init__(
        self,
        store: JobStore,
        catalog: Catalog,
        ingestion: IngestionService,
        web: WebService,
        folder: Path,
    ) -> None:
        """Fetched documents are kept in ``folder``, below the job's id, until ingested."""
        self._store = store
        self._catalog = catalog
        self._ingestion = ingestion
        self._web = web
        self._folder = folder
        self.observers: list[Callable[[FileOutcome], None]] = []

    async def run(self, work: RunningJob) -> None:
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
        open_files = iter(files)
        async with aclosing(events):
            async for event in events:
                if isinstance(event, FileOutcome):
                    await self._record(work, next(open_files), event)
                    continue
                self._show(
                    work,
                    replace(
                        event,
                        files_done=event.files_done + done,
                        files_total=len(work.files),
                        chunks=event.chunks + chunks,
                        # The number of documents to fetch is not known in advance.
                        share=event.share if work.job.web is None else 0.0,
                        seconds_left=event.seconds_left if work.job.web is None else None,
                    ),
                )
                if event.current:
                    await self._note_running(work)

    async def _ingest_web(self, work: RunningJob, request: WebRequest) -> None:
        """Fetch document after document; one that was ingested before a restart is unchanged."""
        folder = self._folder / work.job.id
        await asyncio.to_thread(_empty, folder)
        await self._note_running(work)
        self._show(work, replace(work.progress, current=request.addresses[0]))
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
                self._show(
                    work,
                    replace(
                        work.progress,
                        files_done=len(work.outcomes),
                        files_total=len(work.files),
                        current=request.addresses[0],
                        seconds_left=None,
                        share=0.0,
                    ),
                )
        self._show(work, replace(work.progress, current=None, share=1.0))

    async def _record(self, work: RunningJob, file: JobFile, outcome: FileOutcome) -> None:
        work.outcomes.append(outcome)
        work.tell()
        for observer in self.observers:
            observer(outcome)
        # On a full disk the remaining files fail one by one; the next start retries those whose
        # outcome could not be recorded.
        with suppress(StorageFull):
            await asyncio.to_thread(self._store.record, work.job.id, file.ordinal, outcome)

    async def _note_running(self, work: RunningJob) -> None:
        if not work.has_begun:
            work.has_begun = True
            with suppress(StorageFull):
                await asyncio.to_thread(self._store.set_state, work.job.id, JobState.RUNNING)

    def _show(self, work: RunningJob, progress: IngestionProgress) -> None:
        work.progress = progress
        work.tell()


def stored_outcome(catalog: Catalog, file: JobFile) -> FileOutcome | None:
    """Return the outcome of a file of a job, with its document; None if it has none."""
    if file.outcome is None:
        return None
    document = catalog.document(file.document_id) if file.document_id else None
    return FileOutcome(file.name, file.outcome, document, file.code, file.reason)


def _empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    with disk_errors(folder):
        folder.mkdir(parents=True)
