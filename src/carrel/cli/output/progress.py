"""Progress line on standard error, rewritten in place on a terminal."""

from __future__ import annotations

import shutil
import sys

from carrel.core.documents import IngestionProgress

BAR_WIDTH = 20


def format_seconds(seconds: float) -> str:
    """Return a duration as ``45 s``, ``3 min 20 s`` or ``2 h 05 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def describe(progress: IngestionProgress) -> str:
    """Return the progress of a batch in one line."""
    parts = [f"{progress.files_done}/{progress.files_total} files", f"{progress.chunks} chunks"]
    if progress.files_done < progress.files_total:
        if progress.chunks_per_second is not None:
            rate = progress.chunks_per_second
            parts.append(f"{rate:.0f} chunks/s" if rate >= 10 else f"{rate:.1f} chunks/s")
        if progress.seconds_left is not None:
            parts.append(f"{format_seconds(progress.seconds_left)} left")
    if progress.current:
        of = f" of {progress.page_count}" if progress.page_count else ""
        page = f" (page {progress.pages_read}{of})" if progress.pages_read else ""
        parts.append(f"{progress.current}{page}")
    return ", ".join(parts)


def bar(share: float) -> str:
    """Return a bar with a leading percentage: `` 40 % [########            ]``."""
    filled = round(min(1.0, max(0.0, share)) * BAR_WIDTH)
    return f"{min(1.0, share):4.0%} [{'#' * filled}{' ' * (BAR_WIDTH - filled)}]"


class ProgressLine:
    """Shows a bar and a line; without a terminal, a line when the count of files changes."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._files_shown = -1

    def show(self, progress: IngestionProgress) -> None:
        """Show the progress of the batch."""
        if self._terminal:
            width = shutil.get_terminal_size().columns
            line = f"{bar(progress.share)} {describe(progress)}"[: width - 1]
            print(f"\r\x1b[2K{line}", end="", file=sys.stderr, flush=True)
        elif progress.files_done != self._files_shown:
            self._files_shown = progress.files_done
            print(describe(progress), file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Clear the line, so that something else can be printed."""
        if self._terminal:
            print("\r\x1b[2K", end="", file=sys.stderr, flush=True)


class RebuildingLine:
    """Shows the progress of re-indexing when the data folder is opened."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()

    def show(self, done: int, total: int) -> None:
        """Show the progress, and clear the line at the end."""
        if not self._terminal:
            if done in (0, total):
                print(_rebuilding(done, total), file=sys.stderr, flush=True)
            return
        text = "" if done == total else f"{bar(done / total)} {_rebuilding(done, total)}"
        print(f"\r\x1b[2K{text}", end="", file=sys.stderr, flush=True)


def _rebuilding(done: int, total: int) -> str:
    return f"Indexing again what an index lacks: {done}/{total} documents"
