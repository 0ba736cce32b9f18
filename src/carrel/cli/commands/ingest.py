"""``carrel ingest``: ingests files, folders and web pages."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path

from carrel import bootstrap
from carrel.cli.command import Invocation
from carrel.cli.commands import wiki
from carrel.cli.exit_codes import SOME_FAILED, SUCCESS
from carrel.cli.output.progress import ProgressLine
from carrel.cli.workspace.folder_passes import folder_passes
from carrel.cli.workspace.workspace import Workspace, open_workspace
from carrel.core.documents import READABLE, FileOutcome, IncomingFile, OutcomeKind
from carrel.core.errors import CarrelError, InvalidSetting, UnsupportedFormat
from carrel.core.web import WebRequest
from carrel.services.ingestion.folder_listing import files_below
from carrel.services.ingestion.folder_sync import (
    FileRemoved,
    FolderEvent,
    FolderNotice,
    without_reader,
)

DEEPEST = 20


@dataclass(slots=True)
class Report:
    """Result of one pass."""

    outcomes: list[FileOutcome] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    def changed(self) -> bool:
        """Whether there is anything new to print."""
        kinds = {each.kind for each in self.outcomes}
        return bool(self.removed or kinds & {OutcomeKind.ADDED, OutcomeKind.REPLACED})

    def found_a_file(self) -> bool:
        """Whether there was a readable file, or one was ingested before."""
        readable = [each for each in self.outcomes if each.code != UnsupportedFormat.code]
        return bool(readable or self.removed or self.notices)


def paths_of(invocation: Invocation) -> tuple[list[Path], Path | None]:
    """Return the files and folders to ingest, and the folder of ``--user_path`` to synchronise.

    Raises:
        InvalidSetting: none was named, or there is no folder to watch.
    """
    documents = invocation.settings.documents
    paths = [Path(word) for word in invocation.arguments.words if not is_address(word)]
    folder = documents.user_path
    if folder is not None and not folder.is_dir():
        paths.append(folder)
        folder = None
    if not paths and folder is None and not addresses_of(invocation):
        raise InvalidSetting("Name what to ingest: carrel ingest --user_path=FOLDER")
    if documents.watch and folder is None:
        raise InvalidSetting("Name the folder to watch: --watch --user_path=FOLDER")
    return paths, folder


def is_address(word: str) -> bool:
    """Whether a word is a web address and not a file."""
    return bool(re.match(r"(https?://|arxiv:)", word, re.IGNORECASE))


def addresses_of(invocation: Invocation) -> WebRequest | None:
    """Return the web addresses among the words, with the depth of ``--depth``.

    Raises:
        InvalidSetting: the depth is no number from 0 to 20, or there is not exactly one address.
    """
    addresses = tuple(word for word in invocation.arguments.words if is_address(word))
    depth = invocation.arguments.flags.get("depth", "0")
    if not depth.isdecimal() or int(depth) > DEEPEST:
        raise InvalidSetting(f"--depth={depth}: give a number of links from 0 to {DEEPEST}.")
    if int(depth) and len(addresses) != 1:
        raise InvalidSetting("--depth needs exactly one address: fetch one site at a time.")
    return WebRequest(addresses, int(depth)) if addresses else None


def collect(paths: Sequence[Path]) -> tuple[list[IncomingFile], list[str]]:
    """Return the readable files below the paths, and the names of those without a reader.

    Raises:
        PathNotFound: a path does not exist.
    """
    files: list[IncomingFile] = []
    skipped: list[str] = []
    registry = bootstrap.reader_registry()
    for path in paths:
        found, unsupported = files_below(path, registry.supports)
        files.extend(found)
        skipped.extend(unsupported)
    return files, skipped


async def ingest(invocation: Invocation) -> AsyncIterator[Report]:
    """Ingest with progress on standard error, and yield the result of each pass.

    Raises:
        UnsupportedFormat: the first pass found no readable file.
    """
    documents = invocation.settings.documents
    paths, folder = paths_of(invocation)
    files, skipped = collect(paths)
    named = [*paths, *([folder] if folder is not None else [])]
    nothing = UnsupportedFormat(
        f"No file in {', '.join(map(str, named))} can be read; Carrel reads {READABLE}"
    )
    request = addresses_of(invocation)
    if not files and folder is None and request is None:
        raise nothing
    async with open_workspace(invocation.settings, invocation.server) as workspace:
        report = Report([without_reader(name) for name in skipped])
        if files:
            await follow(invocation, workspace.ingest(files, invocation.collection), report)
        if request is not None:
            await follow(invocation, workspace.fetch(request, invocation.collection), report)
        if folder is None:
            yield report
            return
        async with aclosing(folder_passes(folder, watch=documents.watch)) as passes:
            first = True
            async for quiet in passes:
                await _synchronise(invocation, workspace, folder, quiet, report, first=first)
                if first and not report.found_a_file() and not documents.watch:
                    raise nothing
                if first or report.changed():
                    yield report
                report, first = Report(), False


async def _synchronise(
    invocation: Invocation,
    workspace: Workspace,
    folder: Path,
    quiet: float,
    report: Report,
    *,
    first: bool,
) -> None:
    """Make one pass. While a folder is watched, only the first may fail."""
    events = workspace.synchronise(
        folder,
        invocation.collection,
        keep_missing=invocation.settings.documents.keep_missing,
        quiet_seconds=quiet,
    )
    try:
        await follow(invocation, events, report)
    except CarrelError as error:
        if first:
            raise
        print(f"Could not synchronise {folder}: {error}")


async def follow(
    invocation: Invocation, events: AsyncGenerator[FolderEvent], report: Report
) -> None:
    """Collect the outcomes of files, with progress on standard error."""
    line = ProgressLine()
    async with aclosing(events):
        async for event in events:
            match event:
                case FileOutcome():
                    report.outcomes.append(event)
                    if event.reason is not None and not invocation.is_set("json"):
                        line.clear()
                        failed = event.kind is OutcomeKind.FAILED
                        print(f"{'Could not read ' if failed else ''}{event.name}: {event.reason}")
                case FileRemoved():
                    report.removed.append(event.name)
                case FolderNotice():
                    report.notices.append(event.text)
                    if not invocation.is_set("json"):
                        line.clear()
                        print(event.text)
                case _:
                    line.show(event)
    line.clear()


def run(invocation: Invocation) -> int:
    """Ingest, print a summary, and return 1 if some file failed."""
    if wiki.is_wanted(invocation):
        return wiki.run(invocation)
    return asyncio.run(_run(invocation))


async def _run(invocation: Invocation) -> int:
    status = SUCCESS
    async for report in ingest(invocation):
        print_report(report, invocation)
        if any(each.kind is OutcomeKind.FAILED for each in report.outcomes):
            status = SOME_FAILED
    return status


def print_report(report: Report, invocation: Invocation) -> None:
    """Print the result of one pass, as a line or as JSON."""
    counts = Counter(outcome.kind for outcome in report.outcomes)
    chunks = sum(
        outcome.document.chunks
        for outcome in report.outcomes
        if outcome.document and outcome.kind in (OutcomeKind.ADDED, OutcomeKind.REPLACED)
    )
    if not invocation.is_set("json"):
        counted = ", ".join(f"{counts[kind]} {kind.value}" for kind in OutcomeKind)
        removed = f"; {len(report.removed)} removed" if report.removed else ""
        print(f"{invocation.collection}: {counted}; {chunks} new chunks{removed}.", flush=True)
        return
    files = [
        {
            "name": outcome.name,
            "outcome": outcome.kind.value,
            "chunks": outcome.document.chunks if outcome.document else 0,
            "code": outcome.code,
            "reason": outcome.reason,
        }
        for outcome in report.outcomes
    ]
    printed = {
        "collection": invocation.collection,
        "files": files,
        "removed": report.removed,
        "notices": report.notices,
    }
    print(json.dumps(printed, indent=2), flush=True)
