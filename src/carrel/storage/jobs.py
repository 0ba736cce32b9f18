"""Ingestion jobs in the database."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from sqlite3 import Connection
from typing import Any
from uuid import uuid4

from carrel.core.documents import FileOutcome, IncomingFile, OutcomeKind
from carrel.core.errors import CollectionNotFound
from carrel.core.jobs import Job, JobFile, JobState
from carrel.core.web import WebRequest
from carrel.disk.sqlite_file import storable
from carrel.storage.database import Database

_JOB = "id, collection_id, account, state, created_at, ended_at, web"
_FILE = "ordinal, name, path, outcome, document_id, code, reason"
_ENDED = [state.value for state in JobState if state.has_ended]


class SqliteJobStore:
    """The jobs; see ``carrel.core.jobs.JobStore`` for the contract.

    A job is deleted with its collection, a file with its document: no name of deleted data is
    kept. Every method may raise what ``Database.transaction`` raises.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

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
        job_id = uuid4().hex
        with self._database.transaction() as connection:
            known = connection.execute("SELECT 1 FROM collection WHERE id = ?", (collection_id,))
            if not known.fetchone():
                raise CollectionNotFound("The collection has been deleted.")
            connection.execute(
                f"INSERT INTO job ({_JOB}) VALUES (?, ?, ?, ?, ?, NULL, ?)",
                (job_id, collection_id, account, JobState.WAITING.value, _now(), _web_json(web)),
            )
            _add_files(connection, job_id, files)
            job = _find(connection, job_id)
        assert job is not None
        return job

    def add_files(self, job_id: str, files: Sequence[IncomingFile]) -> list[JobFile]:
        """Append files to a job, and return them; those of an unknown one are ignored."""
        with self._database.transaction() as connection:
            if _find(connection, job_id) is None:
                return []
            first = _add_files(connection, job_id, files)
        return [JobFile.of(number, each) for number, each in enumerate(files, first)]

    def set_state(self, job_id: str, state: JobState) -> None:
        """Change the state; an unknown or ended job is left unchanged."""
        ended = _now() if state.has_ended else None
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE job SET state = ?, ended_at = ? WHERE id = ? AND ended_at IS NULL",
                (state.value, ended, job_id),
            )

    def record(self, job_id: str, ordinal: int, outcome: FileOutcome) -> None:
        """Store the outcome of one file; an unknown job or file is ignored."""
        document_id = outcome.document.id if outcome.document else None
        reason = None if outcome.reason is None else storable(outcome.reason)
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE job_file SET outcome = ?, code = ?, reason = ?, "
                "document_id = (SELECT id FROM document WHERE id = ?) "
                "WHERE job_id = ? AND ordinal = ?",
                (outcome.kind.value, outcome.code, reason, document_id, job_id, ordinal),
            )

    def job(self, job_id: str) -> Job | None:
        """One job, or None."""
        with self._database.reading() as connection:
            return _find(connection, job_id)

    def jobs(self) -> list[Job]:
        """All jobs, the latest first."""
        query = f"SELECT {_JOB} FROM job ORDER BY created_at DESC, id"
        with self._database.reading() as connection:
            return [_job(row) for row in connection.execute(query).fetchall()]

    def files(self, job_id: str) -> list[JobFile]:
        """The files of a job, in order."""
        query = f"SELECT {_FILE} FROM job_file WHERE job_id = ? ORDER BY ordinal"
        with self._database.reading() as connection:
            return [_file(row) for row in connection.execute(query, (job_id,)).fetchall()]

    def forget_ended(self, keep: int) -> None:
        """Remove all ended jobs but the latest ``keep``."""
        marks = ", ".join("?" for _ in _ENDED)
        query = (
            f"DELETE FROM job WHERE state IN ({marks}) AND id NOT IN "
            f"(SELECT id FROM job WHERE state IN ({marks}) ORDER BY ended_at DESC LIMIT ?)"
        )
        with self._database.transaction() as connection:
            connection.execute(query, [*_ENDED, *_ENDED, keep])


def _add_files(connection: Connection, job_id: str, files: Sequence[IncomingFile]) -> int:
    """Add files, and return the ordinal of the first."""
    query = "SELECT coalesce(max(ordinal) + 1, 0) FROM job_file WHERE job_id = ?"
    first = int(connection.execute(query, (job_id,)).fetchone()[0])
    connection.executemany(
        "INSERT INTO job_file (job_id, ordinal, name, path, document_id) VALUES (?, ?, ?, ?, "
        "(SELECT id FROM document WHERE id = ?))",
        [
            (
                job_id,
                ordinal,
                storable(each.name),
                os.fsencode(each.path.absolute()),
                each.document_id,
            )
            for ordinal, each in enumerate(files, start=first)
        ],
    )
    return first


def _web_json(web: WebRequest | None) -> str | None:
    return None if web is None else json.dumps([list(web.addresses), web.depth])


def _web(stored: str | None) -> WebRequest | None:
    if stored is None:
        return None
    addresses, depth = json.loads(stored)
    return WebRequest(tuple(addresses), depth)


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _find(connection: Connection, job_id: str) -> Job | None:
    row = connection.execute(f"SELECT {_JOB} FROM job WHERE id = ?", (job_id,)).fetchone()
    return None if row is None else _job(row)


def _job(row: Sequence[Any]) -> Job:
    job_id, collection_id, account, state, created_at, ended_at, web = row
    return Job(
        id=job_id,
        collection_id=collection_id,
        account=account,
        state=JobState(state),
        created_at=datetime.fromisoformat(created_at),
        ended_at=None if ended_at is None else datetime.fromisoformat(ended_at),
        web=_web(web),
    )


def _file(row: Sequence[Any]) -> JobFile:
    ordinal, name, path, outcome, document_id, code, reason = row
    return JobFile(
        ordinal=ordinal,
        name=name,
        path=Path(os.fsdecode(path)),
        outcome=None if outcome is None else OutcomeKind(outcome),
        document_id=document_id,
        code=code,
        reason=reason,
    )
