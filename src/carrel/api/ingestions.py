"""Ingestions that run beside the request that started them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from tempfile import TemporaryDirectory

import structlog

from carrel.api.metrics import Metrics
from carrel.core.access import Principal
from carrel.core.documents import FileOutcome, IncomingFile
from carrel.core.errors import CarrelError, Unavailable
from carrel.services.ingestion import IngestionService

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Upload:
    """Received files, the temporary folder that holds them, and where they are to go."""

    files: Sequence[IncomingFile]
    folder: TemporaryDirectory[str]
    collection: str
    principal: Principal


@dataclass(slots=True)
class Ingestions:
    """Runs uploads as tasks, so that they go on when the client does not wait."""

    service: IngestionService
    metrics: Metrics
    _tasks: set[asyncio.Task[list[FileOutcome]]] = field(default_factory=set)

    def start(self, upload: Upload) -> asyncio.Task[list[FileOutcome]]:
        """Begin to ingest; the task takes over the temporary folder and removes it at its end."""
        task = asyncio.create_task(self._run(upload), name="ingest an upload")
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def result(self, task: asyncio.Task[list[FileOutcome]]) -> list[FileOutcome]:
        """Wait for an upload. Whoever waits may be cancelled; the upload goes on.

        Raises:
            Unavailable: the server shuts down and has stopped the upload.
            CarrelError: what the ingestion service raises.
        """
        await asyncio.wait([task])
        if task.cancelled():
            raise Unavailable("The server is shutting down: send the files again when it is back.")
        return task.result()

    def stop(self) -> None:
        """Stop after the batch of chunks in work; the files not yet done are left out cleanly."""
        for task in self._tasks:
            # Once only: a second cancellation would not let the batch in work come to its end.
            if not task.cancelling():
                task.cancel()

    async def close(self) -> None:
        """Stop, and return when everything has stopped."""
        self.stop()
        if self._tasks:
            await asyncio.wait(list(self._tasks))

    async def _run(self, upload: Upload) -> list[FileOutcome]:
        outcomes: list[FileOutcome] = []
        with upload.folder:
            events = self.service.ingest(upload.files, upload.collection, upload.principal)
            async with aclosing(events):
                async for event in events:
                    if isinstance(event, FileOutcome):
                        outcomes.append(event)
                        self.metrics.files.labels(event.kind.value).inc()
        return outcomes

    def _ended(self, task: asyncio.Task[list[FileOutcome]]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            log.info("upload.cancelled")
            return
        error = task.exception()
        if isinstance(error, CarrelError):
            log.warning("upload.failed", code=error.code, reason=str(error))
        elif error is not None:
            log.error("upload.failed", exc_info=error)
