"""State of a job while it runs or waits to be resumed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from carrel.core.documents import Collection, FileOutcome, IngestionProgress
from carrel.core.errors import CarrelError
from carrel.core.jobs import Job, JobFile, JobStore


def files_of_running_jobs(store: JobStore) -> set[tuple[str, str]]:
    """Return collection id and name of each file that an interrupted job has not finished."""
    return {
        (job.collection_id, file.name)
        for job in store.jobs()
        if not job.state.has_ended
        for file in store.files(job.id)
        if file.outcome is None
    }


@dataclass(slots=True)
class RunningJob:
    """A job in this process, with its results so far, for its followers.

    ``reading`` is the part of it that can be cancelled, ``ending`` all of it.
    """

    job: Job
    collection: Collection
    files: list[JobFile]
    progress: IngestionProgress
    outcomes: list[FileOutcome] = field(default_factory=list)
    error: CarrelError | None = None
    reading: asyncio.Task[None] | None = None
    ending: asyncio.Task[None] | None = None
    cancelled: bool = False
    has_begun: bool = False
    has_ended: bool = False
    version: int = 0
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self) -> None:
        """Wake all waiting followers."""
        self.version += 1
        self._changed.set()
        self._changed = asyncio.Event()

    async def change(self, version: int) -> None:
        """Wait until there is something newer than a version."""
        if self.version == version:
            await self._changed.wait()
