"""``carrel evaluate``: measures retrieval and answers of a collection."""

from __future__ import annotations

import asyncio
import hashlib
import sys
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from carrel import __version__
from carrel.cli.arguments import BOOLEANS
from carrel.cli.command import Invocation
from carrel.cli.exit_codes import SUCCESS
from carrel.cli.output.answers import sampling_of, scope_of
from carrel.cli.output.progress import bar
from carrel.cli.workspace.workspace import open_workspace
from carrel.core.errors import InvalidSetting
from carrel.evaluate.comparison import aligned, cautions, compare
from carrel.evaluate.figures import HIT_DEFINITIONS, figures_of
from carrel.evaluate.questions import KnownQuestion, read_questions
from carrel.evaluate.run_folder import REPORT, RunFolder
from carrel.evaluate.run_record import RunRecord, curves_of
from carrel.evaluate.runner import Plan, ask_all
from carrel.evaluate.scoring import Judged
from carrel.settings.schema import LLM_MODE, Settings

RECORDED = (
    ("model", "base_model"),
    ("documents", "embedder"),
    ("documents", "db_type"),
    ("documents", "chunk_size"),
    ("documents", "chunk_overlap"),
    ("documents", "top_k"),
    ("documents", "retrieval_candidates"),
    ("documents", "source_tokens"),
    ("generation", "max_new_tokens"),
    ("generation", "temperature"),
)
"""Settings that are stored in the record of a run, each with its section."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The validated options of the command."""

    questions: Sequence[KnownQuestion]
    digest: str
    plan: Plan
    folder: RunFolder | None
    other: RunRecord | None


def run(invocation: Invocation) -> int:
    """Ask the questions, print the figures, and optionally save them.

    After Ctrl-C the finished questions are printed and saved, too.
    """
    wanted = _wanted(invocation)
    judged: list[Judged] = []
    try:
        asyncio.run(_ask(invocation, wanted, judged))
    finally:
        if judged:
            _finish(invocation, wanted, judged)
    return SUCCESS


def _wanted(invocation: Invocation) -> _Wanted:
    flags = invocation.arguments.flags
    if "questions" not in flags:
        raise InvalidSetting("Name the questions: --questions=FILE.jsonl")
    path = Path(flags["questions"])
    scope = scope_of(invocation)
    if scope is None:
        raise InvalidSetting(f"{LLM_MODE} holds no documents: name a collection to evaluate.")
    questions = read_questions(path)[: _limit(flags.get("limit"))]
    given = flags.get("answers", "True").lower()
    if given not in BOOLEANS:
        raise InvalidSetting(f"answers is {given!r}: write --answers=True or --answers=False.")
    other = RunRecord.read(Path(flags["compare"])) if "compare" in flags else None
    folder = RunFolder(Path(flags["output"])) if "output" in flags else None
    plan = Plan(scope, sampling_of(invocation.settings), BOOLEANS[given] == "True")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return _Wanted(questions, digest, plan, folder, other)


def _limit(given: str | None) -> int | None:
    if given is None:
        return None
    if not given.isdecimal() or int(given) < 1:
        raise InvalidSetting(f"limit is {given!r}: give a whole number from 1.")
    return int(given)


async def _ask(invocation: Invocation, wanted: _Wanted, judged: list[Judged]) -> None:
    """Append the measurements of each question to ``judged``, and to the folder."""
    progress = _Progress(len(wanted.questions))
    async with open_workspace(invocation.settings, invocation.server) as workspace:
        progress.show(0)
        asking = ask_all(workspace, wanted.questions, wanted.plan)
        try:
            async with aclosing(asking):
                async for each in asking:
                    judged.append(each)
                    if wanted.folder is not None:
                        wanted.folder.add(each)
                    progress.show(len(judged))
        finally:
            progress.clear()


def _finish(invocation: Invocation, wanted: _Wanted, judged: Sequence[Judged]) -> None:
    record = RunRecord(
        collection=invocation.collection,
        questions=wanted.digest,
        done=len(judged),
        total=len(wanted.questions),
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        figures=tuple(figures_of(judged)),
        curves=curves_of(judged),
        settings=_recorded(invocation.settings),
    )
    if wanted.folder is not None:
        wanted.folder.finish(record, judged, wanted.other)
    if invocation.is_set("json"):
        print(record.to_json(), end="")
        return
    print("\n".join(_lines(record, wanted.other)))
    if wanted.folder is not None:
        print(f"\nSaved: {Path(invocation.arguments.flags['output']) / REPORT}")


def _recorded(settings: Settings) -> dict[str, str]:
    found = {"carrel": __version__}
    for section, name in RECORDED:
        found[name] = str(getattr(getattr(settings, section), name))
    return found


def _lines(record: RunRecord, other: RunRecord | None) -> list[str]:
    cut = f" of {record.total}, stopped early" if record.done < record.total else ""
    lines = [f"{record.collection}: {record.done}{cut} questions", ""]
    if other is None:
        rows = [("", "value", "n")]
        rows += [(each.name, each.shown, str(each.count)) for each in record.figures]
        lines += aligned(rows)
    else:
        sides = [("", "this run", "other run", "difference")]
        sides += [
            (each.name, each.this, each.other, each.difference) for each in compare(record, other)
        ]
        lines += aligned(sides)
        lines += ["", *cautions(record, other)]
    lines += ["", *(f"{name} hit: {HIT_DEFINITIONS[name]}" for name in record.curves)]
    return lines


class _Progress:
    """A progress bar on standard error, only on a terminal."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._shown = sys.stderr.isatty()

    def show(self, done: int) -> None:
        """Show the number of finished questions."""
        if self._shown:
            line = f"{bar(done / self._total)} {done}/{self._total} questions"
            print(f"\r\x1b[2K{line}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Remove the bar."""
        if self._shown:
            print("\r\x1b[2K", end="", file=sys.stderr, flush=True)
