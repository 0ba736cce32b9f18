"""Folders with the files that were received for jobs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from carrel.core.documents import IncomingFile
from carrel.core.jobs import Job, JobState, JobStore
from carrel.services.ingestion.received_files import ReceivedFiles
from carrel.storage.catalog import SqliteCatalog
from carrel.storage.database import Database
from carrel.storage.jobs import SqliteJobStore


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of all received files, with one that belongs to no job."""
    folder = tmp_path / "incoming"
    (folder / "lost").mkdir(parents=True)
    return folder


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A new database."""
    database = Database(tmp_path / "catalog.db")
    yield database
    database.close()


@pytest.fixture
def store(database: Database) -> JobStore:
    """A store of jobs."""
    return SqliteJobStore(database)


@pytest.fixture
def collection(database: Database) -> str:
    """The id of the collection of the jobs."""
    return SqliteCatalog(database).collections()[0].id


def received(files: ReceivedFiles, store: JobStore, collection: str) -> tuple[Job, Path]:
    path = files.new_folder() / "a.txt"
    path.write_text("The tide rises.")
    return store.create(collection, "", [IncomingFile(path, "a.txt")]), path


def test_only_files_of_open_jobs_are_kept(folder: Path, store: JobStore, collection: str) -> None:
    files = ReceivedFiles(folder)
    _, kept = received(files, store, collection)
    ended, gone = received(files, store, collection)
    store.set_state(ended.id, JobState.FINISHED)
    files.sweep(store)
    assert kept.is_file()
    assert not gone.exists()
    assert list(folder.iterdir()) == [kept.parent]


def test_everything_of_an_ended_job_is_removed_and_nothing_else(
    folder: Path, store: JobStore, collection: str, tmp_path: Path
) -> None:
    files = ReceivedFiles(folder)
    job, path = received(files, store, collection)
    files.empty_fetched(job)
    (files.fetched(job) / "0").write_text("From the web.")
    elsewhere = tmp_path / "mine.txt"
    elsewhere.write_text("It stays.")
    store.add_files(job.id, [IncomingFile(elsewhere, "mine.txt")])
    files.remove(job, store.files(job.id))
    assert not path.parent.exists()
    assert not files.fetched(job).exists()
    assert elsewhere.is_file()
    assert (folder / "lost").is_dir()


def test_what_was_fetched_before_is_removed(folder: Path, store: JobStore, collection: str) -> None:
    files = ReceivedFiles(folder)
    job, _ = received(files, store, collection)
    files.empty_fetched(job)
    (files.fetched(job) / "0").write_text("Half a page.")
    files.empty_fetched(job)
    assert list(files.fetched(job).iterdir()) == []
