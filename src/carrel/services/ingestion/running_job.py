"""State of a job in this process, and its followers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from carrel.core.documents import Collection, FileOutcome, IngestionEvent, IngestionProgress
from carrel.core.errors import CarrelError
from carrel.core.jobs import Job, JobFile


@dataclass(slots=True)
class RunningJob:
    """A job with its results so far. ``JobRunner`` changes it; others follow or stop it.

    ``reading`` is the part of it that can be stopped, ``ending`` all of it. ``cancelled`` means
    that it is not to be resumed.
    """

    job: Job
    collection: Collection
    files: list[JobFile]
    progress: IngestionProgress
    outcomes: list[FileOutcome] = field(default_factory=list)
    cancelled: bool = False
    has_begun: bool = False
    reading: asyncio.Task[None] | None = None
    ending: asyncio.Task[None] | None = None
    _error: CarrelError | None = None
    _has_ended: bool = False
    _version: int = 0
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def show(self, progress: IngestionProgress) -> None:
        """Set the progress."""
        self.progress = progress
        self._tell()

    def add(self, outcome: FileOutcome) -> None:
        """Add the outcome of a file."""
        self.outcomes.append(outcome)
        self._tell()

    def end(self, error: CarrelError | None) -> None:
        """End the events, with what aborted the job."""
        self._error = error
        self._has_ended = True
        self._tell()

    async def events(self) -> AsyncGenerator[IngestionEvent]:
        """Yield the outcomes so far, and then further ones and the progress.

        A slow consumer misses some progress, but no outcome.

        Raises:
            CarrelError: what aborted the job.
        """
        seen = 0
        while True:
            version, ended = self._version, self._has_ended
            new = self.outcomes[seen:]
            seen += len(new)
            for outcome in new:
                yield outcome
            yield self.progress
            if ended:
                break
            if self._version == version:
                await self._changed.wait()
        if self._error is not None:
            raise self._error

    def stop(self, *, cancelled: bool) -> None:
        """Start to stop. What is being stopped already remains cancelled, or to be resumed."""
        # Once only: a second cancellation would interrupt the clean-up.
        if self.reading is not None and not self.reading.cancelling():
            self.cancelled = cancelled
            self.reading.cancel()

    def _tell(self) -> None:
        """Wake all waiting followers."""
        self._version += 1
        self._changed.set()
        self._changed = asyncio.Event()
