"""``carrel reindex``: recomputes all vectors."""

from __future__ import annotations

import sys

from carrel import bootstrap
from carrel.cli.command import Invocation
from carrel.cli.exit_codes import SUCCESS
from carrel.cli.output.progress import format_seconds
from carrel.services.indexing.reindexing import ReindexProgress


def describe(progress: ReindexProgress) -> str:
    """Return the progress in one line."""
    parts = [
        f"{progress.documents_done}/{progress.documents_total} documents",
        f"{progress.chunks_done}/{progress.chunks_total} chunks",
    ]
    if progress.seconds_left is not None and progress.chunks_done < progress.chunks_total:
        parts.append(f"{progress.rate:.0f} chunks/s, {format_seconds(progress.seconds_left)} left")
    return ", ".join(parts)


def run(invocation: Invocation) -> int:
    """Recompute all vectors, and print their number."""
    terminal = sys.stderr.isatty()
    last = ReindexProgress(0, 0, 0, 0)
    with bootstrap.reindexing(invocation.settings) as reindexing:
        for progress in reindexing.run():
            if terminal:
                print(f"\r\x1b[2K{describe(progress)}", end="", file=sys.stderr, flush=True)
            elif progress.documents_done != last.documents_done or not last.chunks_done:
                print(describe(progress), file=sys.stderr, flush=True)
            last = progress
    if terminal:
        print("\r\x1b[2K", end="", file=sys.stderr, flush=True)
    chunks = f"{last.chunks_done} chunk{'' if last.chunks_done == 1 else 's'}"
    documents = f"{last.documents_done} document{'' if last.documents_done == 1 else 's'}"
    print(f"{chunks} of {documents} embedded with {invocation.settings.documents.embedder}")
    return SUCCESS
