"""Ingestion jobs and their events."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from carrel.core.documents import FileOutcome, IngestionProgress
from carrel.core.jobs import Job
from carrel.schemas.body import ReplyBody
from carrel.schemas.documents import DocumentBody

OutcomeName = Literal["added", "replaced", "unchanged", "failed"]
StateName = Literal["waiting", "running", "finished", "cancelled"]


class ProgressBody(ReplyBody):
    """Progress of a job; unknown values are null.

    ``pages_read`` and ``page_count`` belong to the file ``current``. ``share`` is what is done of
    all bytes, from 0 to 1.
    """

    files_done: int
    files_total: int
    chunks: int
    share: float
    current: str | None = None
    pages_read: int | None = None
    page_count: int | None = None
    chunks_per_second: float | None = None
    seconds_left: float | None = None

    @classmethod
    def of(cls, progress: IngestionProgress) -> ProgressBody:
        """Return the body of a batch's progress."""
        return cls(
            files_done=progress.files_done,
            files_total=progress.files_total,
            chunks=progress.chunks,
            share=round(progress.share, 4),
            current=progress.current,
            pages_read=progress.pages_read or None,
            page_count=progress.page_count,
            chunks_per_second=_rounded(progress.chunks_per_second),
            seconds_left=_rounded(progress.seconds_left),
        )


class JobFileBody(ReplyBody):
    """One file of a job; ``outcome`` is null until it is done."""

    name: str
    outcome: OutcomeName | None = None
    document: DocumentBody | None = None
    code: str | None = None
    reason: str | None = None

    @classmethod
    def of(cls, outcome: FileOutcome) -> JobFileBody:
        """Return the body of a file that ended."""
        return cls(
            name=outcome.name,
            outcome=outcome.kind.value,
            document=DocumentBody.of(outcome.document) if outcome.document else None,
            code=outcome.code,
            reason=outcome.reason,
        )


class JobBody(ReplyBody):
    """A job. Lists of jobs omit ``files`` and ``progress``."""

    id: str
    collection: str
    state: StateName
    created_at: datetime
    ended_at: datetime | None
    files: list[JobFileBody] | None = None
    progress: ProgressBody | None = None

    @classmethod
    def of(
        cls,
        job: Job,
        collection: str,
        files: Sequence[JobFileBody] | None = None,
        progress: IngestionProgress | None = None,
    ) -> JobBody:
        """Return the body of a job; the collection is given by name."""
        return cls(
            id=job.id,
            collection=collection,
            state=job.state.value,
            created_at=job.created_at,
            ended_at=job.ended_at,
            files=None if files is None else list(files),
            progress=None if progress is None else ProgressBody.of(progress),
        )


class JobList(ReplyBody):
    """The account's jobs, the latest first."""

    jobs: list[JobBody]


class JobEventBody(ReplyBody):
    """One event of a job: exactly the keys that are not null. The last one has ``state``."""

    progress: ProgressBody | None = None
    file: JobFileBody | None = None
    state: StateName | None = None


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 2)
