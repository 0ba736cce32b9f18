"""Folders with the files that were received for jobs."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

from carrel.core.jobs import Job, JobFile, JobStore
from carrel.disk.failures import disk_errors


class ReceivedFiles:
    """Keeps received files until their job ends, and what a job fetches below the job's id."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    def new_folder(self) -> Path:
        """Create an empty folder.

        Raises:
            StorageFull: the disk is full.
        """
        folder = self._folder / uuid4().hex
        with disk_errors(folder):
            folder.mkdir()
        return folder

    def fetched(self, job: Job) -> Path:
        """Return the folder of what a job fetches; it may not exist."""
        return self._folder / job.id

    def empty_fetched(self, job: Job) -> None:
        """Create the folder of what a job fetches, or empty it."""
        folder = self.fetched(job)
        shutil.rmtree(folder, ignore_errors=True)
        with disk_errors(folder):
            folder.mkdir(parents=True)

    def remove(self, job: Job, files: Sequence[JobFile]) -> None:
        """Remove everything of a job that has ended."""
        for folder in self._folders_of(files) | {self.fetched(job)}:
            shutil.rmtree(folder, ignore_errors=True)

    def sweep(self, store: JobStore) -> None:
        """Remove received files that belong to no job, or to one that ended."""
        with disk_errors(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            found = set(self._folder.iterdir())
        for job in store.jobs() if found else ():
            if not job.state.has_ended:
                found -= self._folders_of(store.files(job.id))
        for folder in found:
            shutil.rmtree(folder, ignore_errors=True)

    def _folders_of(self, files: Sequence[JobFile]) -> set[Path]:
        """Return the folders that hold some of the files."""
        return {
            self._folder / each.path.relative_to(self._folder).parts[0]
            for each in files
            if each.path.is_relative_to(self._folder)
        }
