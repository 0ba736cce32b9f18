"""What follow-up questions find, searched for as they are, with their history, and rewritten.

    python benchmarks/follow_ups.py --data=xquad.en.json [--model=N] [--output=FILE.md]

``follow_ups.jsonl`` beside this file has pairs of questions over XQuAD (google-deepmind/xquad, CC
BY-SA 4.0): ``dependent`` ones, whose second question leaves out what it is about, and
``stand-alone`` ones, whose second question is about another article. They were written before the
rule was tuned; every third pair was held out of the tuning. Each paragraph is a document, and a
hit is the second question's own paragraph. The search is Carrel's, with the bundled embedder.
``--model=N`` has the bundled model rewrite, too, for N pairs of each kind: it is slow.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from carrel import bootstrap
from carrel.bootstrap import Application
from carrel.core.access import Principal
from carrel.core.chat import Message, Role, Scope
from carrel.core.documents import FileOutcome, IncomingFile
from carrel.evaluate.metrics import hit_at, mean
from carrel.services.chat.follow_up_rule import is_follow_up
from carrel.services.chat.rewriting import Rewriting
from carrel.settings.document_settings import FollowUpWay
from carrel.settings.load import load_settings
from carrel.settings.process_environment import prepare_environment
from parts.environment import describe_environment

PAIRS = Path(__file__).with_name("follow_ups.jsonl")
COLLECTION = "Paragraphs"
BY_MODEL = "bundled model"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two questions in a row; ``follow_up`` is answered by a paragraph of ``article``."""

    kind: str
    held_out: bool
    question: str
    answer: str
    follow_up: str
    article: str
    paragraph: int

    @property
    def document(self) -> str:
        """The name of the paragraph that is to be found."""
        return document_name(self.article, self.paragraph)

    @property
    def messages(self) -> list[Message]:
        """The conversation up to the second question."""
        return [
            Message(Role.USER, self.question),
            Message(Role.ASSISTANT, self.answer),
            Message(Role.USER, self.follow_up),
        ]


Way = Callable[[Pair], Awaitable[str]]


def document_name(article: str, paragraph: int) -> str:
    """Return the name under which a paragraph is stored."""
    return f"{article}-{paragraph}.txt"


def read_pairs() -> list[Pair]:
    """Return all pairs."""
    return [Pair(**json.loads(line)) for line in PAIRS.read_text(encoding="utf-8").splitlines()]


def of_each_kind(pairs: Sequence[Pair], count: int) -> list[Pair]:
    """Return so many pairs of each kind, from its beginning to its end."""
    chosen: list[Pair] = []
    for kind in dict.fromkeys(pair.kind for pair in pairs):
        own = [pair for pair in pairs if pair.kind == kind]
        taken = min(count, len(own))
        chosen += [own[place * len(own) // taken] for place in range(taken)]
    return chosen


def ways(application: Application, *, with_model: bool) -> dict[str, Way]:
    """Return the ways from a pair to a query, by name."""

    def rewriting(way: FollowUpWay) -> Way:
        engine = application.services.models.get(None)
        return lambda pair: Rewriting(way).query(pair.messages, engine)

    async def both(pair: Pair) -> str:
        return f"{pair.question} {pair.follow_up}"

    found = {
        "second question alone": rewriting(FollowUpWay.NEVER),
        "both questions": both,
        "rule": rewriting(FollowUpWay.RULE),
    }
    if with_model:
        found[BY_MODEL] = rewriting(FollowUpWay.MODEL)
    return found


Article = dict[str, Any]


def read_articles(data: Path) -> list[Article]:
    """Return XQuAD's articles."""
    articles: list[Article] = json.loads(data.read_text(encoding="utf-8"))["data"]
    return articles


async def fill(application: Application, articles: Sequence[Article]) -> None:
    """Store each paragraph as a document."""
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for article in articles:
            for number, paragraph in enumerate(article["paragraphs"]):
                name = document_name(article["title"], number)
                path = Path(folder) / str(len(files))
                path.write_text(paragraph["context"], encoding="utf-8")
                files.append(IncomingFile(path, name))
        await application.services.collections.ensure(COLLECTION, Principal())
        async for event in application.services.ingestion.ingest(files, COLLECTION, Principal()):
            assert not isinstance(event, FileOutcome) or event.document is not None, event


async def rank_of(application: Application, query: str, document: str) -> int | None:
    """Return the rank of a document's first chunk; None where it is not among the first 20."""
    scope = Scope((COLLECTION,), top_k=20)
    found = await application.services.retrieval.search(query, scope, Principal())
    names = list(dict.fromkeys(each.document_name for each in found))
    return names.index(document) + 1 if document in names else None


def table(rows: Sequence[tuple[str, Pair, str, int | None, float]]) -> list[str]:
    """Return the lines of the result: hits by way, kind, and part of the pairs."""
    lines = [
        "| second question | pairs | way | n | hit@1 | hit@5 | ms to rewrite |",
        "|---|---|---|---|---|---|---|",
    ]
    for kind in ("dependent", "stand-alone"):
        for held_out in (False, True):
            chosen = [row for row in rows if (row[1].kind, row[1].held_out) == (kind, held_out)]
            for way in dict.fromkeys(row[0] for row in rows):
                own = [row for row in chosen if row[0] == way]
                if not own:
                    continue
                ranks = [row[3] for row in own]
                spent = mean([row[4] for row in own]) or 0.0
                part = "held out" if held_out else "seen"
                lines.append(
                    f"| {kind} | {part} | {way} | {len(own)} | {hit_at(ranks, 1):.3f} "
                    f"| {hit_at(ranks, 5):.3f} | {spent * 1000:.1f} |"
                )
    return lines


def distinguished(pairs: Sequence[Pair], articles: Sequence[Article]) -> list[str]:
    """Return what the rule takes for a follow-up: of the pairs, and of XQuAD's own questions."""
    lines = ["Taken for a follow-up by the rule:", ""]
    for kind in ("dependent", "stand-alone"):
        own = [pair for pair in pairs if pair.kind == kind]
        taken = sum(is_follow_up(pair.follow_up) for pair in own)
        lines.append(f"- {taken} of the {len(own)} {kind} second questions")
    asked = [
        each["question"]
        for article in articles
        for paragraph in article["paragraphs"]
        for each in paragraph["qas"]
    ]
    taken = sum(map(is_follow_up, asked))
    lines.append(f"- {taken} of XQuAD's own {len(asked)} questions, which should be standalone")
    return lines


async def measure(given: argparse.Namespace) -> str:
    """Return the page of results."""
    articles = read_articles(given.data)
    with tempfile.TemporaryDirectory() as folder:
        flags = {
            "db_dir": folder,
            "offline": "True",
            "chunk_size": "5000",
            "engine": "auto" if given.model else "scripted",
        }
        if given.models_dir is not None:
            flags["models_dir"] = str(given.models_dir)
        application = bootstrap.build(load_settings(flags, {}).settings)
        try:
            await asyncio.to_thread(application.wait_until_ready)
            await fill(application, articles)
            pairs = read_pairs()
            rows = []
            for name, way in ways(application, with_model=given.model > 0).items():
                for pair in of_each_kind(pairs, given.model) if name == BY_MODEL else pairs:
                    started = time.perf_counter()
                    query = await way(pair)
                    spent = time.perf_counter() - started
                    rank = await rank_of(application, query, pair.document)
                    rows.append((name, pair, query, rank, spent))
                    if given.show:
                        print(f"{name}: {pair.follow_up} -> {query} ({rank})", flush=True)
        finally:
            await application.close()
    lines = [
        "# Follow-up questions",
        "",
        "Made by `python benchmarks/follow_ups.py`, which says how.",
    ]
    lines += ["", *table(rows), "", *distinguished(pairs, articles)]
    lines += ["", f"Measured on {date.today().isoformat()}:", ""]
    lines += [f"- {name}: {value}" for name, value in describe_environment().items()]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure every way."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=int, default=0)
    parser.add_argument("--models_dir", type=Path)
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--output", type=Path)
    given = parser.parse_args()
    prepare_environment(offline=True)
    page = asyncio.run(measure(given))
    if given.output is not None:
        given.output.write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
