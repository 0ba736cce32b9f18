"""What the user reads as the answer, with the bundled model and embedder, in each answer style.

    python benchmarks/answer_styles.py --data=xquad-en-dev.json --limit=300

One document per article, all in one collection, and questions spread evenly over the file. Each
question goes through the chat service. For each style: the share of answers that contain a gold
answer, the median length in words, token F1 (normalised as in SQuAD, the best over the gold
answers) and the seconds per question; the share of answers that begin with a few words before their
quote, and the share of these whose words contain a gold answer or are a part of one. On articles of
even and of odd position apart: the weights of ``services/chat/span_selection.py`` were set on the
even ones."""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import string
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median

from carrel import bootstrap
from carrel.bootstrap import Application
from carrel.core.access import Principal
from carrel.core.chat import AnswerStyle, ChatRequest, Message, Role, Scope, TextDelta
from carrel.core.documents import USER_DATA, IncomingFile
from carrel.settings.load import load_settings

PROGRESS_EVERY = 25


@dataclass(frozen=True, slots=True)
class Question:
    """A question, its gold answers, and the position of its article."""

    text: str
    golds: tuple[str, ...]
    article: int


@dataclass(frozen=True, slots=True)
class Measured:
    """One answer: whether it contains a gold answer, its words, its F1, and seconds.

    ``few`` says whether the few words before the quote are right; None without such words.
    """

    question: Question
    contains: bool
    words: int
    f1: float
    seconds: float
    few: bool | None


def normalised(text: str) -> str:
    """Return a text as SQuAD's evaluation compares it."""
    bare = "".join(each for each in text.lower() if each not in string.punctuation)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", bare).split())


def token_f1(answer: str, gold: str) -> float:
    """Return F1 over the words of two texts, normalised."""
    one, other = Counter(normalised(answer).split()), Counter(normalised(gold).split())
    shared = (one & other).total()
    return 2 * shared / (one.total() + other.total()) if shared else 0.0


def contains(answer: str, golds: Iterable[str]) -> bool:
    """Return whether a gold answer occurs in the answer as whole words, normalised."""
    padded = f" {normalised(answer)} "
    return any(f" {normalised(gold)} " in padded for gold in golds)


def measured(question: Question, answer: str, seconds: float) -> Measured:
    """Compare an answer with the gold ones."""
    best = max(token_f1(answer, gold) for gold in question.golds)
    length = len(answer.split())
    words, found, _ = answer.partition('\n\n"')
    few = contains(words, question.golds) or any(contains(gold, [words]) for gold in question.golds)
    has_gold = contains(answer, question.golds)
    return Measured(question, has_gold, length, best, seconds, few if found else None)


def read_questions(data: Path, limit: int) -> list[Question]:
    """Return ``limit`` questions, evenly spread; all of them for 0."""
    every = [
        Question(each["question"], tuple(gold["text"] for gold in each["answers"]), position)
        for position, article in enumerate(json.loads(data.read_text())["data"])
        for paragraph in article["paragraphs"]
        for each in paragraph["qas"]
    ]
    wanted = min(limit or len(every), len(every))
    return [every[index * len(every) // wanted] for index in range(wanted)]


def write_articles(data: Path, folder: Path) -> list[IncomingFile]:
    """Write each article as one document."""
    files = []
    for position, article in enumerate(json.loads(data.read_text())["data"]):
        path = folder / f"{position}.txt"
        path.write_text("\n\n".join(each["context"] for each in article["paragraphs"]))
        files.append(IncomingFile(path, f"{article['title']}.txt".replace("/", "_")))
    return files


async def ingest(application: Application, files: Sequence[IncomingFile]) -> None:
    """Put the documents into the collection."""
    async for _ in application.services.ingestion.ingest(files, USER_DATA, Principal()):
        pass


async def answer(application: Application, question: Question, style: AnswerStyle) -> Measured:
    """Ask one question."""
    scope = Scope((USER_DATA,), style=style)
    request = ChatRequest((Message(Role.USER, question.text),), Principal(), scope=scope)
    started = time.perf_counter()
    events = application.services.chat.answer(request)
    text = "".join([event.text async for event in events if isinstance(event, TextDelta)])
    return measured(question, text, time.perf_counter() - started)


def row(name: str, answers: Sequence[Measured]) -> str:
    """Return a line of the table."""
    few = [each.few for each in answers if each.few is not None]
    right = f"{fmean(few):.3f}" if few else ""
    return (
        f"| {name} | {len(answers)} | {fmean(each.contains for each in answers):.3f} | "
        f"{median(each.words for each in answers):.0f} | {fmean(each.f1 for each in answers):.3f} "
        f"| {median(each.seconds for each in answers):.2f} | {len(few) / len(answers):.3f} "
        f"| {right} |"
    )


def table(by_name: dict[str, list[Measured]]) -> str:
    """Return the table, with the articles of even and odd position apart."""
    lines = [
        "| answers | questions | contain the gold answer | median words | token F1 | median s "
        "| few words shown | of them right |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, answers in by_name.items():
        lines.append(row(name, answers))
        for part, label in enumerate(("even articles", "odd articles")):
            own = [each for each in answers if each.question.article % 2 == part]
            if own:
                lines.append(row(f"{name}, {label}", own))
    return "\n".join(lines)


async def run(arguments: argparse.Namespace, folder: Path) -> str:
    """Ingest, ask every question in each style, and return the table."""
    flags = {
        "db_dir": str(folder / "db"),
        "models_dir": str(arguments.models_dir),
        "offline": "True",
        "evidence": arguments.evidence,
        "max_new_tokens": "64",
    }
    application = bootstrap.build(load_settings(flags, {}).settings)
    try:
        await ingest(application, write_articles(arguments.data, folder))
        await asyncio.to_thread(application.wait_until_ready)
        found: dict[str, list[Measured]] = {style.value: [] for style in AnswerStyle}
        for number, question in enumerate(read_questions(arguments.data, arguments.limit), 1):
            for style in AnswerStyle:
                found[style.value].append(await answer(application, question, style))
            if number % PROGRESS_EVERY == 0:
                print(table(found), file=sys.stderr, flush=True)
        return table(found)
    finally:
        await application.close()


def main() -> None:
    """Read the command line and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="a file in SQuAD's format")
    parser.add_argument("--limit", type=int, default=0, help="questions; 0 asks all")
    parser.add_argument("--models_dir", type=Path, default=Path("models"))
    parser.add_argument("--evidence", default="auto", help="the setting of that name")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(asyncio.run(run(arguments, Path(folder))))


if __name__ == "__main__":
    main()
