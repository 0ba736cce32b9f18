"""Progress of a batch of files, with an estimate of the remaining time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from carrel.core.documents import IngestionProgress, Section

TELLING_SHARE = 0.02
TELLING_SECONDS = 60
"""Minimum share or seconds before an estimate is shown."""


@dataclass(slots=True)
class BatchProgress:
    """Progress of a running batch; the estimate goes by bytes."""

    files_total: int
    bytes_total: int
    started: float = field(default_factory=time.monotonic)
    files_done: int = 0
    bytes_done: int = 0
    chunks: int = 0
    current: list[FileProgress] = field(default_factory=list)

    def start_clock(self) -> None:
        """Start the batch; waiting before does not count."""
        self.started = time.monotonic()

    def begin_file(self, name: str, size: int) -> FileProgress:
        """Start a file."""
        begun = FileProgress(self, name, size)
        self.current.append(begun)
        return begun

    def progress(self, file: FileProgress | None = None) -> IngestionProgress:
        """Return the current progress, with that of a file."""
        elapsed = time.monotonic() - self.started
        done = self.bytes_done + sum(each.bytes_done() for each in self.current)
        left = None
        if done > 0 and (done >= TELLING_SHARE * self.bytes_total or elapsed > TELLING_SECONDS):
            left = elapsed / done * (self.bytes_total - done)
        return IngestionProgress(
            self.files_done,
            self.files_total,
            self.chunks,
            file.name if file else None,
            (file.pages if file else None) or 0,
            left,
            file.page_count if file else None,
            elapsed,
            done / self.bytes_total if self.bytes_total else 0.0,
        )


@dataclass(slots=True, eq=False)
class FileProgress:
    """Progress of one file of a batch; its share goes by pages if their count is known."""

    batch: BatchProgress
    name: str
    size: int
    pages: int | None = None
    page_count: int | None = None

    def end(self) -> None:
        """End the file, whatever its outcome."""
        self.batch.files_done += 1
        self.batch.bytes_done += self.size
        self.batch.current.remove(self)

    def bytes_done(self) -> float:
        """Return how many of its bytes count as done."""
        if not self.pages or not self.page_count:
            return 0.0
        # A sheet has many sections: the current one may be far from its end.
        return self.size * min(1.0, (self.pages - 1) / self.page_count)

    def watch(self, sections: Iterator[Section]) -> Iterator[Section]:
        """Pass on its sections and remember the last page."""
        for section in sections:
            if section.page is not None:
                self.pages = max(self.pages or 0, section.page)
            self.page_count = section.page_count
            yield section

    def progress(self) -> IngestionProgress:
        """Return the current progress of the batch, with this file."""
        return self.batch.progress(self)
