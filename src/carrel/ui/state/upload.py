"""Progress of the files of one upload."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from carrel.core.documents import FileOutcome, IngestionEvent, OutcomeKind


@dataclass(slots=True)
class FileRow:
    """One file; ``pages`` is the number of pages read so far, of ``page_count`` if known."""

    name: str
    current: bool = False
    pages: int = 0
    page_count: int | None = None
    outcome: FileOutcome | None = None
    left_out: bool = False


@dataclass(slots=True)
class Upload:
    """The files of an upload in order. ``share`` of all bytes is done, from 0 to 1.

    Files from the web are not known in advance: then it is ``growing``.
    """

    files: list[FileRow] = field(default_factory=list)
    chunks: int = 0
    share: float = 0.0
    chunks_per_second: float | None = None
    seconds_left: float | None = None
    running: bool = True
    growing: bool = False
    stopped: bool = False

    @classmethod
    def of(cls, names: Sequence[str]) -> Upload:
        """Return an upload that has not started."""
        return cls([FileRow(name) for name in names])

    @property
    def done(self) -> int:
        """The number of files that ended, whatever their outcome."""
        return sum(each.outcome is not None for each in self.files)

    @property
    def failed(self) -> int:
        """The number of files that could not be read."""
        return sum(
            each.outcome is not None and each.outcome.kind is OutcomeKind.FAILED
            for each in self.files
        )

    def apply(self, event: IngestionEvent) -> None:
        """Process the next event, which is about the first open file of its name."""
        name = event.name if isinstance(event, FileOutcome) else event.current
        row = self._row_of(name)
        if isinstance(event, FileOutcome):
            if row is not None:
                row.outcome, row.current = event, False
            return
        self.chunks, self.seconds_left = event.chunks, event.seconds_left
        self.share, self.chunks_per_second = event.share, event.chunks_per_second
        if row is not None and event.current is not None:
            row.current, row.pages = True, event.pages_read
            row.page_count = event.page_count

    def _row_of(self, name: str | None) -> FileRow | None:
        if name is None:
            return None
        still_open = (each for each in self.files if each.outcome is None)
        if not self.growing:
            return next((each for each in still_open if each.name == name), None)
        row = next(still_open, None)
        if row is None:
            row = FileRow(name)
            self.files.append(row)
        row.name = name
        return row

    def end(self, *, stopped: bool) -> None:
        """End the upload; files without an outcome were skipped."""
        self.running, self.stopped = False, stopped
        if self.growing:
            # The last row showed the current address.
            self.files = [each for each in self.files if each.outcome is not None]
        for each in self.files:
            each.current = False
            each.left_out = each.outcome is None
