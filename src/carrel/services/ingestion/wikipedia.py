"""Ingests a wiki dump volume by volume, resuming where the last run stopped."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, aclosing
from typing import Protocol, TypeVar

import structlog

from carrel.core.documents import (
    Collection,
    CollectionContents,
    FileOutcome,
    IncomingFile,
    IngestionEvent,
    IngestionProgress,
    OutcomeKind,
)
from carrel.core.wiki import DumpPosition, WikiDump, WikiProgress
from carrel.services.ingestion.wiki_record import FinishedVolume, WikiRecord

Result = TypeVar("Result")

log = structlog.get_logger()


class VolumeStore(Protocol):
    """The target of the volumes: this process's own data folder, or a server's."""

    def ingest(
        self, files: Sequence[IncomingFile], collection: str
    ) -> AsyncGenerator[IngestionEvent]:
        """Ingest files into a collection, which is created if it does not exist."""
        ...

    async def collections(self) -> Sequence[tuple[Collection, CollectionContents]]:
        """Return each collection with its statistics."""
        ...


class WikiImport:
    """Ingests a dump: one document per volume, atomically.

    A record of the finished volumes lets the next run begin after them, without reading them again.
    A volume that failed is retried by the next run; those after it are then compared with what is
    stored, and not embedded again.
    """

    def __init__(self, dump: WikiDump, record: WikiRecord, store: VolumeStore) -> None:
        """Take the dump, its record, the collection, and the target of the volumes."""
        self._dump = dump
        self._record = record
        self._store = store

    async def run(self, collection: str) -> AsyncGenerator[WikiProgress | FileOutcome]:
        """Yield progress, and each volume's outcome as it ends.

        A full disk ends the run with the outcome of the volume that did not fit.

        Raises:
            UnreadableDocument: the dump is damaged or truncated; what could be read is ingested.
        """
        finished = await self._trusted(collection)
        running = _ImportProgress(self._dump.bytes, finished)
        yield running.progress()
        start = finished[-1].after if finished else DumpPosition()
        unbroken = True
        resources = ExitStack()
        # One thread, so that the dump is closed only while it is not being read.
        worker = ThreadPoolExecutor(1, thread_name_prefix="wiki")
        try:
            volumes = await _in(worker, lambda: resources.enter_context(self._dump.volumes(start)))
            while (volume := await _in(worker, lambda: next(volumes, None))) is not None:
                outcome: FileOutcome | None = None
                files = [IncomingFile(volume.path, volume.name)]
                async with aclosing(self._store.ingest(files, collection)) as events:
                    async for event in events:
                        if isinstance(event, FileOutcome):
                            outcome = event
                        elif isinstance(event, IngestionProgress):
                            yield running.progress(event.chunks)
                if outcome is None:
                    raise RuntimeError(f"{volume.name} ended without an outcome")
                ready = outcome.kind is not OutcomeKind.FAILED
                unbroken = unbroken and ready
                if unbroken:
                    self._record.add(volume)
                added = outcome.kind in (OutcomeKind.ADDED, OutcomeKind.REPLACED)
                chunks = outcome.document.chunks if added and outcome.document else 0
                running.add(volume.bytes_read, volume.articles if ready else 0, chunks)
                yield outcome
                yield running.progress()
                if outcome.may_go_in_later:
                    return
        finally:
            try:
                await _in(worker, resources.close)
            finally:
                worker.shutdown()

    async def _trusted(self, collection: str) -> Sequence[FinishedVolume]:
        """Return the finished volumes, or none if documents of them were deleted since."""
        finished = self._record.finished()
        there = {each.name: held.documents for each, held in await self._store.collections()}
        if finished and there.get(collection, 0) < len(finished):
            log.warning("wiki.record_outdated", volumes=len(finished))
            finished = []
        self._record.restart(finished)
        return finished


class _ImportProgress:
    """Progress of a running import; rate and estimate are of this run only."""

    def __init__(self, total: int, finished: Sequence[FinishedVolume]) -> None:
        self._total = total
        self._read = self._read_before = finished[-1].bytes_read if finished else 0
        self._volumes = len(finished)
        self._articles = self._articles_before = sum(each.articles for each in finished)
        self._chunks = 0
        self._started = time.monotonic()

    def add(self, bytes_read: int, articles: int, chunks: int) -> None:
        self._read = bytes_read
        self._volumes += 1
        self._articles += articles
        self._chunks += chunks

    def progress(self, chunks_in_work: int = 0) -> WikiProgress:
        elapsed = time.monotonic() - self._started
        read = self._read - self._read_before
        left = elapsed / read * (self._total - self._read) if read else None
        rate = (self._articles - self._articles_before) / elapsed if read and elapsed else None
        chunks = self._chunks + chunks_in_work
        return WikiProgress(
            self._read, self._total, self._volumes, self._articles, chunks, rate, left
        )


async def _in(worker: ThreadPoolExecutor, function: Callable[[], Result]) -> Result:
    return await asyncio.get_running_loop().run_in_executor(worker, function)
