"""Questions that people ask of their own files: how many are answered right, and how many wrongly.

    python benchmarks/real_questions.py [--data=FOLDER] [--cases=FOLDER] [--db=FOLDER]
        [--collections=NAME,...] [--ids=ID,...] [--output=FILE.md] [--details=FILE.jsonl]
        [--before=FILE.jsonl,...] [--note=TEXT]
    python benchmarks/real_questions.py --again=FILE.jsonl,... [--before=...] [--output=FILE.md]

150 questions of ``real_questions.jsonl``, written by reading the documents and checked by eye,
about seven collections:

- ``filings``: ``financebench-dev`` in the folder ``--data``, 12 filings as PDF (FinanceBench,
  patronus-ai/financebench, CC BY-NC 4.0)
- ``reports``: ``mmlongbench-dev`` there, 10 long documents (MMLongBench-Doc,
  mayubo2333/MMLongBench-Doc, CC BY-NC 4.0; one of them is of pictures and needs text recognition)
- ``cases``: small texts and tables that failed once, in the folder ``--cases``, whose folders
  begin with a number
- ``office``, ``german``, ``french``, ``chinese``: made by ``parts/real_documents.py``

Each collection is asked as a whole, as the page does when nothing else is chosen; for some
questions a document is chosen (``within``). The bundled models answer, offline, in one process, in
answer style ``full``. What is shown is judged by the rules of ``parts/real_questions_scoring.py``,
of which these are the verdicts:

- right; of questions that the documents do not answer: rightly declined
- right page, no answer: a quote from a gold page that does not say it, or half of a list
- wrongly declined
- wrong with confidence: anything else, and above all a headline that is wrong above a quote that
  has the answer

The **score** is the share of right answers less that of wrong ones: an answer that is missing costs
one, a wrong one two.

``--db`` keeps what was ingested; a second run with the same code asks only. A folder that another
version of the index has made is of no use: give each version its own. ``--details`` writes a line
per question as it is answered; it quotes the documents, and is not for publication. ``--again``
judges the answers of such files once more, after a change of the rules, and asks nothing;
``--before`` adds the shares of those of an earlier state, judged by the same rules.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from carrel import bootstrap
from carrel.bootstrap import Application
from carrel.core.access import Principal
from carrel.core.chat import (
    Abstained,
    ChatRequest,
    Message,
    Role,
    Scope,
    SourcesCited,
    TextDelta,
)
from carrel.core.documents import FileOutcome, IncomingFile, OutcomeKind
from carrel.settings.load import load_settings
from carrel.settings.process_environment import prepare_environment
from parts.environment import describe_environment

sys.path.insert(0, str(Path(__file__).resolve().parent / "parts"))

from real_documents import write_documents
from real_questions_scoring import GOOD, Question, Shown, Verdict, judge, taken_apart

HERE = Path(__file__).resolve().parent
QUESTIONS = HERE / "real_questions.jsonl"
ME = Principal()
PUBLIC = {"filings": "financebench-dev", "reports": "mmlongbench-dev"}
CASES = ("02", "03", "05", "09", "10", "23", "24", "25", "32")
PROGRESS_EVERY = 10


@dataclass(frozen=True, slots=True)
class Judged:
    """A question with what was shown, the verdict, and the seconds to the whole answer."""

    question: Question
    shown: Shown
    verdict: Verdict
    seconds: float


def read_questions(path: Path = QUESTIONS) -> list[Question]:
    """Return all questions.

    Raises:
        TypeError: a line has a field that a question does not have.
    """
    lines = path.read_text(encoding="utf-8").splitlines()
    return [Question(**json.loads(line)) for line in lines]


def files_of(arguments: argparse.Namespace, folder: Path) -> dict[str, list[Path]]:
    """Return the files of each collection that is there, made ones written below ``folder``."""
    found = write_documents(folder)
    if arguments.data is not None:
        for name, below in PUBLIC.items():
            found[name] = sorted((arguments.data / below).glob("*.pdf"))
    if arguments.cases is not None:
        every = (each for number in CASES for each in arguments.cases.glob(f"{number}-*/*"))
        kept = {each.name: each for each in sorted(every) if each.is_file()}
        kept.pop("README.md", None)
        found["cases"] = list(kept.values())
    wanted = arguments.collections or list(found)
    return {name: files for name, files in found.items() if name in wanted and files}


async def ingest(application: Application, files: dict[str, list[Path]]) -> None:
    """Put the files into their collections; what is there already is not read again."""
    for name, paths in files.items():
        await application.services.collections.ensure(name, ME)
        incoming = [IncomingFile(path, path.name) for path in paths]
        async for event in application.services.ingestion.ingest(incoming, name, ME):
            if isinstance(event, FileOutcome) and event.kind is not OutcomeKind.UNCHANGED:
                print(f"{name}: {event.name}: {event.kind} {event.reason or ''}", file=sys.stderr)


async def ask(application: Application, question: Question) -> Judged:
    """Ask one question and judge what is shown."""
    records = await application.services.collections.documents(question.collection, ME)
    chosen = tuple(each.id for each in records if each.name in question.within)
    assert len(chosen) == len(question.within), f"{question.id}: {question.within} is not there"
    scope = Scope((question.collection,), chosen)
    request = ChatRequest((Message(Role.USER, question.question),), ME, scope=scope)
    text, declined, started = "", False, time.perf_counter()
    places: list[tuple[str, int | None]] = []
    async with aclosing(application.services.chat.answer(request)) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                text += event.text
            elif isinstance(event, Abstained):
                declined = True
            elif isinstance(event, SourcesCited):
                given = (each for sentence in event.sentences for each in sentence.citations)
                places = [(each.source.document, each.source.page) for each in given]
    shown = Shown(text, declined, tuple(dict.fromkeys(places)))
    return Judged(question, shown, judge(question, shown), time.perf_counter() - started)


async def measure(arguments: argparse.Namespace, folder: Path) -> list[Judged]:
    """Ingest what is not there yet, and ask every question about it."""
    flags = {
        "db_dir": str(folder / "db"),
        "models_dir": str(arguments.models_dir),
        "embedder": arguments.embedder,
        "offline": "True",
    }
    files = files_of(arguments, folder / "made")
    wanted = [each for each in read_questions() if each.collection in files]
    if arguments.ids:
        wanted = [each for each in wanted if each.id in arguments.ids]
    application = bootstrap.build(load_settings(flags, {}).settings)
    judged: list[Judged] = []
    try:
        await ingest(application, files)
        await asyncio.to_thread(application.wait_until_ready)
        for number, question in enumerate(wanted, 1):
            judged.append(await ask(application, question))
            if arguments.details is not None:
                with arguments.details.open("a", encoding="utf-8") as lines:
                    lines.write(detail(judged[-1]) + "\n")
            if number % PROGRESS_EVERY == 0:
                print(number, share_line("so far", judged), file=sys.stderr, flush=True)
    finally:
        await application.close()
    return judged


def share_line(name: str, judged: Sequence[Judged]) -> str:
    """Return a line of the table: the verdicts as shares, and the score."""
    count = Counter(each.verdict for each in judged)
    total = len(judged)
    good = sum(count[each] for each in GOOD) / total
    wrong = count[Verdict.WRONG] / total
    cells = [f"{count[each] / total:.2f}" for each in Verdict]
    return f"| {name} | {total} | {' | '.join(cells)} | {good:.2f} | {good - wrong:+.2f} |"


def quote_of(shown: Shown) -> Shown:
    """Return an answer without its headline."""
    return replace(shown, text=taken_apart(shown.text)[1])


def tables(judged: Sequence[Judged], before: Sequence[Judged] = ()) -> list[str]:
    """Return the tables in Markdown: in all, by kind, by language and by collection."""
    ways: dict[str, Callable[[Question], str]] = {
        "kind": lambda each: each.kind,
        "language of the documents": lambda each: each.language,
        "collection": lambda each: each.collection,
        "documents chosen": lambda each: "one" if each.within else "none",
    }
    both = (("", judged), (", before", before))
    shown: list[tuple[str, Sequence[Judged]]] = []
    for suffix, state in both:
        quotes = [
            replace(each, verdict=judge(each.question, quote_of(each.shown))) for each in state
        ]
        shown += [(f"as shown{suffix}", state), (f"without headlines{suffix}", quotes)]
    lines = _table("", ["all questions", *_shares(shown)])
    for name, key in ways.items():
        groups: dict[str, list[Judged]] = {}
        for suffix, state in both:
            for each in state:
                groups.setdefault(key(each.question) + suffix, []).append(each)
        lines += _table(f"By {name}", [name, *_shares(sorted(groups.items()))])
    return lines


def _shares(groups: Iterable[tuple[str, Sequence[Judged]]]) -> list[str]:
    return [share_line(name, group) for name, group in groups if group]


def _table(title: str, rows: Sequence[str]) -> list[str]:
    head = f"| {rows[0]} | questions | {' | '.join(Verdict)} | right in all | score |"
    rule = "|---" * (len(Verdict) + 4) + "|"
    return [*([f"## {title}", ""] if title else []), head, rule, *rows[1:], ""]


def report(
    judged: Sequence[Judged],
    absent: Sequence[str],
    before: Sequence[Judged] = (),
    note: str = "",
) -> str:
    """Return the result as a Markdown page."""
    times = sorted(each.seconds for each in judged)
    lines = [
        "# Questions about real files",
        "",
        "Made by `python benchmarks/real_questions.py --data=FOLDER --cases=FOLDER`; its head says",
        "what is asked and how answers are judged. Shares of the questions of each line. *Right in",
        "all* adds what was rightly declined; the *score* subtracts what was wrong from that, so",
        "that a wrong answer costs twice what a missing one costs. *Without headlines* judges the",
        "quoted sentences and rows alone.",
        "",
        *([note, ""] if note else []),
        *tables(judged, before),
        f"Seconds to the whole answer: median {times[len(times) // 2]:.1f}, 95th percentile "
        f"{times[int(len(times) * 0.95)]:.1f}, on a machine that did other work, too.",
        "",
        *[f"Left out, as its files were not given: {each}." for each in absent],
        f"Measured on {date.today().isoformat()}:",
        "",
        *(f"- {name}: {value}" for name, value in describe_environment().items()),
        "",
    ]
    return "\n".join(lines)


def detail(judged: Judged) -> str:
    """Return what came of one question, as a line of JSON."""
    found = {
        "id": judged.question.id,
        "question": judged.question.question,
        "answers": judged.question.answers,
        "verdict": judged.verdict.value,
        "text": judged.shown.text,
        "declined": judged.shown.declined,
        "places": judged.shown.places,
        "seconds": round(judged.seconds, 2),
    }
    return json.dumps(found, ensure_ascii=False)


def judged_again(files: Sequence[Path]) -> list[Judged]:
    """Judge the answers that were written down, in the order of the questions."""
    lines = [line for file in files for line in file.read_text("utf-8").splitlines()]
    by_id = {each["id"]: each for each in map(json.loads, lines)}
    judged = []
    for question in read_questions():
        if question.id in by_id:
            found = by_id[question.id]
            places = [(document, page) for document, page in found["places"]]
            shown = Shown(found["text"], found["declined"], places)
            judged.append(Judged(question, shown, judge(question, shown), found["seconds"]))
    return judged


def _paths(names: str) -> list[Path]:
    return [Path(name) for name in names.split(",")]


def main() -> None:
    """Read the command line, measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, help="the folder of the public documents")
    parser.add_argument("--cases", type=Path, help="the folder of the cases")
    parser.add_argument("--db", type=Path, help="a folder that is kept for the next run")
    parser.add_argument("--collections", type=lambda names: names.split(","))
    parser.add_argument("--ids", type=lambda names: names.split(","), help="ask only these")
    parser.add_argument("--embedder", default="bundled")
    parser.add_argument("--models_dir", type=Path, default=Path("models"))
    parser.add_argument("--output", type=Path)
    parser.add_argument("--details", type=Path)
    parser.add_argument("--again", type=_paths, default=[])
    parser.add_argument("--before", type=_paths, default=[])
    parser.add_argument("--note", default="", help="a paragraph for the result")
    arguments = parser.parse_args()
    prepare_environment(offline=True)
    if arguments.again:
        judged = judged_again(arguments.again)
    else:
        if arguments.details is not None:
            arguments.details.unlink(missing_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            judged = asyncio.run(measure(arguments, arguments.db or Path(folder)))
    asked = {each.question.collection for each in judged}
    absent = sorted({each.collection for each in read_questions()} - asked)
    page = report(judged, absent, judged_again(arguments.before), arguments.note)
    print(page)
    if arguments.output is not None:
        arguments.output.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
