"""Checked citations, measured on XQuAD through Carrel's own retrieval; no model is asked.

    python benchmarks/citations.py --data=FILE.json [--output=benchmarks/results/citations.md]

One document per article, all in one collection; each question finds its passages there. Instead
of a model's answer, these are checked: the gold answer, the sentence that holds it, and a statement
made of the question's words and the answer, as XQuAD's questions are people's paraphrases of that
sentence. Of the first citation it is counted whether it is in the gold paragraph, and of each
kind how often it counts as supported; so, too, for what is not: a sentence of another article, and
the same statement with the answer to another question of the article in place of its own, the
sentence with one of its numbers changed, and with "not" behind its first auxiliary verb. The
measure is calibrated on every other article and reported on the rest.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from carrel import bootstrap
from carrel.core.access import Principal
from carrel.core.chat import Scope
from carrel.core.documents import USER_DATA, IncomingFile, RetrievedChunk
from carrel.services.citations import support
from carrel.services.citations.attribution import cite_answer
from carrel.services.text.sentences import sentences
from carrel.settings.load import load_settings
from parts.environment import describe_environment

ME = Principal()
SHARES = (0.4, 0.5, 0.6, 0.7)
KINDS = {
    "answer": "the gold answer",
    "sentence": "the sentence that holds it",
    "statement": "question and answer as a statement",
    "other": "a sentence of another article",
    "wrong": "the statement with another answer",
    "number": "the sentence with another number",
    "denied": "the sentence with its contrary said",
}
SUPPORTED = ("answer", "sentence", "statement")
_ASKING = re.compile(
    r"\b(what|which|who|whom|whose|when|where|why|how|many|much|did|does|do)\b", re.I
)


@dataclass(frozen=True)
class Question:
    """A question with its gold answer and paragraph, and what the retrieval found for it."""

    article: str
    paragraph: str
    text: str
    answer: str
    sentence: str
    found: list[RetrievedChunk]


async def retrieved(data: list[dict[str, Any]], folder: Path, top_k: int) -> list[Question]:
    """Ingest the articles and search for each question."""
    flags = {"db_dir": str(folder / "db"), "offline": "True", "engine": "scripted"}
    application = bootstrap.build(load_settings(flags, {}).settings)
    services = application.services
    try:
        files = []
        for number, article in enumerate(data):
            path = folder / f"{number}.txt"
            path.write_text("\n\n".join(each["context"] for each in article["paragraphs"]))
            files.append(IncomingFile(path, f"{article['title']}.txt".replace("/", " ")))
        job = await services.jobs.start(files, USER_DATA, ME)
        await services.jobs.result(job.id, ME)
        questions = []
        for title, paragraph, asked in _asked(data):
            scope = Scope((USER_DATA,), top_k=top_k)
            found = await services.retrieval.search(asked["question"], scope, ME)
            answer = asked["answers"][0]
            sentence = _sentence_at(paragraph, answer["answer_start"])
            text = asked["question"]
            questions.append(Question(title, paragraph, text, answer["text"], sentence, found))
        return questions
    finally:
        await application.close()


def _asked(data: list[dict[str, Any]]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for article in data:
        for paragraph in article["paragraphs"]:
            for asked in paragraph["qas"]:
                yield article["title"], paragraph["context"], asked


def _sentence_at(paragraph: str, place: int) -> str:
    end = 0
    for sentence in sentences(paragraph):
        end = paragraph.index(sentence, end) + len(sentence)
        if place < end:
            return sentence
    return paragraph


def texts_of(question: Question, others: list[Question], chance: random.Random) -> dict[str, str]:
    """Return what is checked for a question, by kind."""
    stem = _ASKING.sub("", question.text).strip(" ?")
    wrong = [
        each.answer
        for each in others
        if each.article == question.article
        and each.answer.lower() not in question.paragraph.lower()
    ]
    elsewhere = [each for each in others if each.article != question.article]
    texts = {
        "answer": question.answer,
        "sentence": question.sentence,
        "statement": f"{stem} {question.answer}",
        "other": chance.choice(sentences(chance.choice(elsewhere).paragraph)),
    }
    if wrong:
        texts["wrong"] = f"{stem} {chance.choice(wrong)}"
    return texts | _altered(question.sentence)


def _altered(sentence: str) -> dict[str, str]:
    """Return what can be made of a sentence that says something else in its words."""
    number = re.search(r"\b\d+\b(?!.*\b\d+\b)", sentence, re.DOTALL)
    verb = re.search(r"\b(?:is|are|was|were|has|have|had|can|could|will|would)\b(?! not)", sentence)
    texts = {}
    if number:
        other = str(int(number[0]) + 1)
        texts["number"] = sentence[: number.start()] + other + sentence[number.end() :]
    if verb:
        texts["denied"] = f"{sentence[: verb.end()]} not{sentence[verb.end() :]}"
    return texts


def measured(questions: list[Question]) -> dict[str, dict[str, float]]:
    """Return for each kind how much is supported, cites the gold paragraph, and is verbatim."""
    chance = random.Random(7)
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for question in questions:
        for kind, text in texts_of(question, questions, chance).items():
            checked = cite_answer(question.text, text, question.found).sentences
            count = counts[kind]
            count["texts"] += 1
            count["supported"] += all(each.supported for each in checked)
            cited = [citation for each in checked for citation in each.citations]
            count["quotes"] += len(cited)
            count["verbatim"] += sum(each.quote in each.source.text for each in cited)
            if cited:
                count["cited"] += 1
                count["gold"] += cited[0].quote in question.paragraph
    return {
        kind: {
            "texts": count["texts"],
            "supported": count["supported"] / count["texts"],
            "gold": count["gold"] / max(1, count["cited"]),
            "verbatim": count["verbatim"] / max(1, count["quotes"]),
        }
        for kind, count in counts.items()
    }


def report(questions: list[Question]) -> str:
    """Return the page of results."""
    articles = sorted({each.article for each in questions})
    calibrated = [each for each in questions if each.article in articles[::2]]
    rest = [each for each in questions if each.article in articles[1::2]]
    lines = [
        "# Checked citations",
        "",
        f"Measured on {date.today()} by `benchmarks/citations.py` on {len(questions)} questions of "
        f"{len(articles)} articles; no model was asked.",
        "",
        *(f"- {name}: {value}" for name, value in describe_environment().items()),
        "",
        f"## Articles that nothing was calibrated on ({len(rest)} questions)",
        "",
        "| what is checked | texts | supported | first citation in the gold paragraph | verbatim |",
        "|---|---|---|---|---|",
    ]
    for kind, row in measured(rest).items():
        gold = f"{row['gold']:.3f}" if kind in SUPPORTED else ""
        lines.append(
            f"| {KINDS[kind]} | {row['texts']:.0f} | {row['supported']:.3f} | {gold} "
            f"| {row['verbatim']:.3f} |"
        )
    chosen = support.LEAST_SHARE
    lines += [
        "",
        f"## Share of a sentence's words ({len(calibrated)} questions; {chosen} is used)",
        "",
        "| least share | statement | with another answer | sentence of another article |",
        "|---|---|---|---|",
    ]
    for share in SHARES:
        support.LEAST_SHARE = share
        rows = measured(calibrated)
        figures = " | ".join(
            f"{rows[kind]['supported']:.3f}" for kind in ("statement", "wrong", "other")
        )
        lines.append(f"| {share} | {figures} |")
    support.LEAST_SHARE = chosen
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, and print or write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="XQuAD or SQuAD 1.1, as JSON")
    parser.add_argument("--output", type=Path)
    parser.add_argument("--top_k", type=int, default=8)
    arguments = parser.parse_args()
    data = json.loads(arguments.data.read_text(encoding="utf-8"))["data"]
    with tempfile.TemporaryDirectory() as folder:
        questions = asyncio.run(retrieved(data, Path(folder), arguments.top_k))
    page = report(questions)
    if arguments.output is None:
        print(page)
    else:
        arguments.output.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
