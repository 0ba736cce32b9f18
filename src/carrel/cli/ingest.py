"""``carrel ingest``: a folder's files into a collection."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from carrel import bootstrap
from carrel.cli import wiki
from carrel.cli.command import COLLECTION, JSON, Command, Invocation
from carrel.cli.exit_codes import SOME_FAILED, SUCCESS
from carrel.cli.progress import ProgressLine
from carrel.cli.workspace import open_workspace
from carrel.core.documents import READABLE, FileOutcome, IncomingFile, OutcomeKind
from carrel.core.errors import InvalidSetting, UnsupportedFormat
from carrel.services.folder import files_below


def paths_of(invocation: Invocation) -> list[Path]:
    """Return the folders and files that were named, by ``--user_path`` or as words.

    Raises:
        InvalidSetting: none was.
    """
    paths = [Path(word) for word in invocation.arguments.words]
    if invocation.settings.documents.user_path is not None:
        paths.append(invocation.settings.documents.user_path)
    if not paths:
        raise InvalidSetting("Name what to ingest: carrel ingest --user_path=FOLDER")
    return paths


def collect(paths: Sequence[Path]) -> tuple[list[IncomingFile], list[str]]:
    """Return the readable files below the paths, and the names of those without a reader.

    Raises:
        PathNotFound: a path does not exist.
        UnsupportedFormat: there is not one readable file.
    """
    files: list[IncomingFile] = []
    skipped: list[str] = []
    registry = bootstrap.reader_registry()
    for path in paths:
        found, unsupported = files_below(path, registry.supports)
        files.extend(found)
        skipped.extend(unsupported)
    if not files:
        where = ", ".join(str(path) for path in paths)
        raise UnsupportedFormat(f"No file in {where} can be read; Carrel reads {READABLE}")
    return files, skipped


async def ingest(invocation: Invocation) -> list[FileOutcome]:
    """Ingest with progress on standard error, and return every file's outcome."""
    files, skipped = collect(paths_of(invocation))
    line = ProgressLine()
    outcomes = [
        FileOutcome(
            name,
            OutcomeKind.FAILED,
            code=UnsupportedFormat.code,
            reason="there is no reader for this kind of file",
        )
        for name in skipped
    ]
    async with open_workspace(invocation.settings) as workspace:
        async for event in workspace.ingest(files, invocation.collection):
            if not isinstance(event, FileOutcome):
                line.show(event)
                continue
            outcomes.append(event)
            if event.kind is OutcomeKind.FAILED and not invocation.is_set("json"):
                line.clear()
                print(f"Could not read {event.name}: {event.reason}")
    line.clear()
    return outcomes


def run(invocation: Invocation) -> int:
    """Ingest, print a summary, and return 1 when some file did not go in."""
    if wiki.is_wanted(invocation):
        return wiki.run(invocation)
    outcomes = asyncio.run(ingest(invocation))
    counts = Counter(outcome.kind for outcome in outcomes)
    chunks = sum(
        outcome.document.chunks
        for outcome in outcomes
        if outcome.document and outcome.kind in (OutcomeKind.ADDED, OutcomeKind.REPLACED)
    )
    if invocation.is_set("json"):
        print(
            json.dumps(
                {
                    "collection": invocation.collection,
                    "files": [
                        {
                            "name": outcome.name,
                            "outcome": outcome.kind.value,
                            "chunks": outcome.document.chunks if outcome.document else 0,
                            "code": outcome.code,
                            "reason": outcome.reason,
                        }
                        for outcome in outcomes
                    ],
                },
                indent=2,
            )
        )
    else:
        counted = ", ".join(f"{counts[kind]} {kind.value}" for kind in OutcomeKind)
        print(f"{invocation.collection}: {counted}; {chunks} new chunks.")
    return SOME_FAILED if counts[OutcomeKind.FAILED] else SUCCESS


COMMAND = Command(
    "ingest",
    "ingest --user_path=FOLDER [--collection=NAME]",
    "Read a folder's files, or single files, into a collection.",
    run,
    (COLLECTION, JSON, *wiki.FLAGS),
)
