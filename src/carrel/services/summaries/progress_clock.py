"""Progress of one level of a summary, with the remaining time."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from carrel.core.summaries import SummarizationProgress


@dataclass(slots=True)
class ProgressClock:
    """Counts the parts of one level; the estimate assumes equal durations."""

    level: int
    total: int
    done: int = 0
    _started: float = field(default_factory=time.monotonic)

    def progress(self) -> SummarizationProgress:
        """Return the current progress."""
        left = None
        if self.done:
            elapsed = time.monotonic() - self._started
            left = elapsed / self.done * (self.total - self.done)
        return SummarizationProgress(self.level, self.done, self.total, left)

    def advance(self) -> SummarizationProgress:
        """Count one more part, and return the progress."""
        self.done += 1
        return self.progress()
