"""``carrel ingest --wiki``: ingests a wiki dump."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from contextlib import aclosing
from pathlib import Path

from carrel import bootstrap
from carrel.cli.command import Invocation
from carrel.cli.exit_codes import SOME_FAILED, SUCCESS
from carrel.cli.output.progress import format_seconds
from carrel.cli.workspace.workspace import open_workspace
from carrel.core.documents import FileOutcome, OutcomeKind
from carrel.core.errors import InvalidSetting
from carrel.core.wiki import WIKI_COLLECTION, WikiDump, WikiProgress
from carrel.services.ingestion.wiki_record import WikiRecord
from carrel.services.ingestion.wikipedia import WikiImport
from carrel.settings.load import DEFAULT_ORIGIN

_WIKI, _VIEWS, _LEAST = "wiki", "wiki_pageviews", "wiki_min_views"


def is_wanted(invocation: Invocation) -> bool:
    """Whether a dump was named.

    Raises:
        InvalidSetting: its flags contradict each other.
    """
    flags = invocation.arguments.flags
    if _WIKI not in flags:
        for name in (_VIEWS, _LEAST):
            if name in flags:
                raise InvalidSetting(f"--{name} is for a dump: name it with --wiki=FILE.")
        return False
    if (_VIEWS in flags) != (_LEAST in flags):
        raise InvalidSetting(f"--{_VIEWS} and --{_LEAST} belong together: give both, or neither.")
    if invocation.arguments.words:
        raise InvalidSetting("Ingest a dump by itself: carrel ingest --wiki=FILE")
    return True


def dump_of(invocation: Invocation) -> WikiDump:
    """Return the dump of the flags.

    Raises:
        InvalidSetting: the minimum number of views is no number.
        PathNotFound, UnreadableDocument: a file is missing, or is not a dump.
    """
    flags = invocation.arguments.flags
    least = flags.get(_LEAST, "0")
    if not (least.isascii() and least.isdigit() and len(least) < 16):
        raise InvalidSetting(f"--{_LEAST}={least} is no number of views.")
    views = Path(flags[_VIEWS]) if _VIEWS in flags else None
    return bootstrap.wiki_dump(Path(flags[_WIKI]), views, int(least))


def collection_of(invocation: Invocation) -> str:
    """Return the collection of either flag, else ``wiki_full``."""
    named = "collection" in invocation.arguments.flags
    if named or invocation.loaded.origins["langchain_mode"] != DEFAULT_ORIGIN:
        return invocation.collection
    return WIKI_COLLECTION


def describe(progress: WikiProgress) -> str:
    """Return the progress of an import in one line."""
    share = progress.bytes_read / progress.bytes_total if progress.bytes_total else 1.0
    size = f"{progress.bytes_read / 1e6:,.1f}/{progress.bytes_total / 1e6:,.1f} MB"
    parts = [f"{share:.1%} of the dump ({size})", f"{progress.articles:,} articles"]
    parts.append(f"{progress.chunks:,} chunks")
    if progress.articles_per_second is not None:
        parts.append(f"{progress.articles_per_second:.1f} articles/s")
    if progress.seconds_left is not None and progress.bytes_read < progress.bytes_total:
        parts.append(f"{format_seconds(progress.seconds_left)} left")
    return ", ".join(parts)


class _Line:
    """Shows progress; without a terminal, only when a volume ends."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._volumes = -1

    def show(self, progress: WikiProgress) -> None:
        if self._terminal:
            print(f"\r\x1b[2K{describe(progress)[:160]}", end="", file=sys.stderr, flush=True)
        elif progress.volumes != self._volumes:
            print(describe(progress), file=sys.stderr, flush=True)
        self._volumes = progress.volumes

    def clear(self) -> None:
        if self._terminal:
            print("\r\x1b[2K", end="", file=sys.stderr, flush=True)


async def _ingest(invocation: Invocation) -> tuple[Counter[OutcomeKind], WikiProgress]:
    collection = collection_of(invocation)
    dump = await asyncio.to_thread(dump_of, invocation)
    folder = invocation.settings.storage.db_dir / "wiki"
    counts: Counter[OutcomeKind] = Counter()
    progress = WikiProgress(0, 0, 0, 0, 0)
    line = _Line()
    async with open_workspace(invocation.settings, invocation.server) as workspace:
        work = WikiImport(dump, WikiRecord(folder, dump.identity, collection), workspace)
        try:
            async with aclosing(work.run(collection)) as events:
                async for event in events:
                    if isinstance(event, FileOutcome):
                        counts[event.kind] += 1
                        if event.kind is OutcomeKind.FAILED:
                            line.clear()
                            print(f"Could not read {event.name}: {event.reason}", file=sys.stderr)
                        continue
                    progress = event
                    line.show(event)
        finally:
            line.clear()
    return counts, progress


def run(invocation: Invocation) -> int:
    """Ingest a dump, print a summary, and return 1 if some volume failed."""
    counts, progress = asyncio.run(_ingest(invocation))
    collection = collection_of(invocation)
    if invocation.is_set("json"):
        summary: dict[str, object] = {"collection": collection, "articles": progress.articles}
        summary |= {"volumes": progress.volumes, "chunks": progress.chunks}
        print(json.dumps(summary | {kind.value: counts[kind] for kind in OutcomeKind}, indent=2))
    else:
        counted = ", ".join(f"{counts[kind]} {kind.value}" for kind in OutcomeKind)
        print(
            f"{collection}: {progress.articles:,} articles in {progress.volumes:,} volumes "
            f"({counted}); {progress.chunks:,} new chunks."
        )
    return SOME_FAILED if counts[OutcomeKind.FAILED] else SUCCESS
