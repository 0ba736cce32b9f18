"""Ingestion jobs, which run in the background and resume after a restart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from carrel.core.documents import FileOutcome, IncomingFile, OutcomeKind
from carrel.core.web import WebRequest


class JobState(StrEnum):
    """State of a job; an interrupted one stays running and resumes at the next start."""

    WAITING = "waiting"
    RUNNING = "running"
    FINISHED = "finished"
    CANCELLED = "cancelled"

    @property
    def has_ended(self) -> bool:
        """Whether the job has ended."""
        return self in (JobState.FINISHED, JobState.CANCELLED)


@dataclass(frozen=True, slots=True)
class Job:
    """A batch of files for one collection, started by one account.

    ``web`` is fetched first; its documents become files of the job as they arrive.
    """

    id: str
    collection_id: str
    account: str
    state: JobState
    created_at: datetime
    ended_at: datetime | None = None
    web: WebRequest | None = None


@dataclass(frozen=True, slots=True)
class JobFile:
    """One file of a job. ``ordinal`` counts from 0; ``outcome`` is None until it is done.

    ``document_id`` is the resulting document; before that, the document to read again.
    """

    ordinal: int
    name: str
    path: Path
    outcome: OutcomeKind | None = None
    document_id: str | None = None
    code: str | None = None
    reason: str | None = None

    @classmethod
    def of(cls, ordinal: int, file: IncomingFile) -> JobFile:
        """Return a file that has no outcome yet."""
        return cls(ordinal, file.name, file.path, document_id=file.document_id)

    @property
    def incoming(self) -> IncomingFile:
        """The file to ingest."""
        return IncomingFile(self.path, self.name, document_id=self.document_id)


class JobStore(Protocol):
    """Jobs and their files. A job is deleted with its collection, a file with its document.

    No name of deleted data is kept.
    """

    def create(
        self,
        collection_id: str,
        account: str,
        files: Sequence[IncomingFile],
        web: WebRequest | None = None,
    ) -> Job:
        """Record a waiting job.

        Raises:
            CollectionNotFound: the collection has been deleted.
        """
        ...

    def add_files(self, job_id: str, files: Sequence[IncomingFile]) -> list[JobFile]:
        """Append files to a job, and return them; those of an unknown one are ignored."""
        ...

    def set_state(self, job_id: str, state: JobState) -> None:
        """Change the state; an unknown or ended job is left unchanged."""
        ...

    def record(self, job_id: str, ordinal: int, outcome: FileOutcome) -> None:
        """Store the outcome of one file; an unknown job or file is ignored."""
        ...

    def job(self, job_id: str) -> Job | None:
        """One job, or None."""
        ...

    def jobs(self) -> list[Job]:
        """All jobs, the latest first."""
        ...

    def files(self, job_id: str) -> list[JobFile]:
        """The files of a job, in order."""
        ...

    def forget_ended(self, keep: int) -> None:
        """Remove all ended jobs but the latest ``keep``."""
        ...
