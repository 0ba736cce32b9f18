"""What every store of jobs promises (``carrel.core.jobs.JobStore``)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from carrel.core.documents import FileOutcome, IncomingFile, OutcomeKind
from carrel.core.errors import CollectionNotFound
from carrel.core.jobs import Job, JobState, JobStore
from carrel.storage.catalog import SqliteCatalog
from carrel.storage.database import Database
from carrel.storage.jobs import SqliteJobStore

FILES = [IncomingFile(Path("/in/0"), "a.txt"), IncomingFile(Path("/in/1"), "b\udcff.txt")]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A new database."""
    database = Database(tmp_path / "catalog.db")
    yield database
    database.close()


@pytest.fixture
def catalog(database: Database) -> SqliteCatalog:
    """The catalog whose collections the jobs belong to."""
    return SqliteCatalog(database)


@pytest.fixture(params=["sqlite"])
def store(database: Database, catalog: SqliteCatalog) -> JobStore:
    """A new store."""
    return SqliteJobStore(database)


@pytest.fixture
def job(store: JobStore, catalog: SqliteCatalog) -> Job:
    """A job with two files."""
    return store.create(catalog.collections()[0].id, "anna", FILES)


def test_a_job_begins_as_waiting_with_its_files_in_order(store: JobStore, job: Job) -> None:
    assert (job.account, job.state, job.ended_at) == ("anna", JobState.WAITING, None)
    assert (datetime.now(UTC) - job.created_at).total_seconds() < 60
    assert store.job(job.id) == job
    assert store.jobs() == [job]
    files = store.files(job.id)
    assert [(each.ordinal, each.name, each.path) for each in files] == [
        (0, "a.txt", Path("/in/0")),
        (1, "b?.txt", Path("/in/1")),
    ]
    assert all(each.outcome is None for each in files)


def test_a_path_that_is_no_text_is_kept(store: JobStore, catalog: SqliteCatalog) -> None:
    path = Path("/in/r\udce9sum\udce9.txt")
    job = store.create(catalog.collections()[0].id, "anna", [IncomingFile(path, "a.txt")])
    assert store.files(job.id)[0].path == path


def test_files_can_be_added(store: JobStore, job: Job) -> None:
    store.add_files(job.id, [IncomingFile(Path("/in/2"), "c.txt")])
    store.add_files("unknown", FILES)
    assert [each.name for each in store.files(job.id)] == ["a.txt", "b?.txt", "c.txt"]
    assert [each.ordinal for each in store.files(job.id)] == [0, 1, 2]


def test_the_latest_job_comes_first(store: JobStore, catalog: SqliteCatalog, job: Job) -> None:
    later = store.create(job.collection_id, "bob", [])
    assert [each.id for each in store.jobs()] == [later.id, job.id]


def test_an_ended_job_stays_as_it_ended(store: JobStore, job: Job) -> None:
    store.set_state(job.id, JobState.RUNNING)
    assert (found := store.job(job.id)) is not None
    assert (found.state, found.ended_at) == (JobState.RUNNING, None)
    store.set_state(job.id, JobState.CANCELLED)
    store.set_state(job.id, JobState.RUNNING)
    store.set_state("unknown", JobState.RUNNING)
    assert (found := store.job(job.id)) is not None
    assert found.state is JobState.CANCELLED
    assert found.ended_at is not None


def test_an_outcome_is_kept_with_its_document(
    store: JobStore, catalog: SqliteCatalog, job: Job
) -> None:
    record = catalog.begin_document(job.collection_id, "a.txt", "digest", 7)
    store.record(job.id, 0, FileOutcome("a.txt", OutcomeKind.ADDED, record))
    failed = FileOutcome("b.txt", OutcomeKind.FAILED, code="x", reason="it is \udcff empty")
    store.record(job.id, 1, failed)
    store.record("unknown", 0, failed)
    first, second = store.files(job.id)
    assert (first.outcome, first.document_id) == (OutcomeKind.ADDED, record.id)
    assert (second.outcome, second.document_id) == (OutcomeKind.FAILED, None)
    assert (second.code, second.reason) == ("x", "it is ? empty")


def test_a_document_that_is_gone_already_is_no_obstacle(
    store: JobStore, catalog: SqliteCatalog, job: Job
) -> None:
    record = catalog.begin_document(job.collection_id, "a.txt", "digest", 7)
    catalog.delete_document(record.id)
    store.record(job.id, 0, FileOutcome("a.txt", OutcomeKind.ADDED, record))
    assert store.files(job.id)[0].document_id is None


def test_a_deleted_document_takes_its_record_with_it(
    store: JobStore, catalog: SqliteCatalog, job: Job
) -> None:
    record = catalog.begin_document(job.collection_id, "a.txt", "digest", 7)
    store.record(job.id, 0, FileOutcome("a.txt", OutcomeKind.ADDED, record))
    catalog.delete_document(record.id)
    assert [each.name for each in store.files(job.id)] == ["b?.txt"]


def test_a_deleted_collection_takes_its_jobs_with_it(
    store: JobStore, catalog: SqliteCatalog, job: Job
) -> None:
    catalog.delete_collection(job.collection_id)
    assert store.jobs() == []
    assert store.files(job.id) == []
    with pytest.raises(CollectionNotFound):
        store.create(job.collection_id, "anna", FILES)


def test_old_jobs_that_ended_are_forgotten(store: JobStore, job: Job) -> None:
    ended = [store.create(job.collection_id, "anna", []) for _ in range(4)]
    for each in ended:
        store.set_state(each.id, JobState.FINISHED)
    store.forget_ended(2)
    assert {each.id for each in store.jobs()} == {job.id, ended[2].id, ended[3].id}
