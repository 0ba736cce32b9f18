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
    """Progress of a running batch; the estimate goes by bytes.

    ``size`` is that of the current file, whose share goes by pages if their count is known.
    """

    files_total: int
    bytes_total: int
    started: float = field(default_factory=time.monotonic)
    files_done: int = 0
    bytes_done: int = 0
    chunks: int = 0
    current: str | None = None
    size: int = 0
    pages: int | None = None
    page_count: int | None = None

    def start_clock(self) -> None:
        """Start the batch; waiting before does not count."""
        self.started = time.monotonic()

    def begin_file(self, name: str, size: int) -> None:
        """Start a file."""
        self.current, self.size = name, size
        self.pages = self.page_count = None

    def end_file(self) -> None:
        """End the current file, whatever its outcome."""
        self.files_done += 1
        self.bytes_done += self.size
        self.current, self.size = None, 0

    def watch(self, sections: Iterator[Section]) -> Iterator[Section]:
        """Pass on the sections of the current file and remember the last page."""
        for section in sections:
            if section.page is not None:
                self.pages = max(self.pages or 0, section.page)
            self.page_count = section.page_count
            yield section

    def progress(self) -> IngestionProgress:
        """Return the current progress."""
        elapsed = time.monotonic() - self.started
        done: float = self.bytes_done
        if self.pages and self.page_count:
            # A sheet has many sections: the current one may be far from its end.
            done += self.size * min(1.0, (self.pages - 1) / self.page_count)
        left = None
        if done > 0 and (done >= TELLING_SHARE * self.bytes_total or elapsed > TELLING_SECONDS):
            left = elapsed / done * (self.bytes_total - done)
        return IngestionProgress(
            self.files_done,
            self.files_total,
            self.chunks,
            self.current,
            self.pages or 0,
            left,
            self.page_count,
            elapsed,
            done / self.bytes_total if self.bytes_total else 0.0,
        )
