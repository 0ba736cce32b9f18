"""Summaries with and without the model, and whole documents, measured on the bundled models.

    python benchmarks/summaries.py --data=FILE [--articles=12] [--questions=100]

FILE is the public XQuAD (google-deepmind/xquad, CC BY-SA 4.0). Each article is a document. Printed
are, for each way to summarise: the share of sentences that the article supports, the coverage of
the article, repetition, and length; and, for each way to give a document to the model: how many
answers contain the gold answer. Everything runs in one process, in a temporary data folder.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from carrel import bootstrap
from carrel.bootstrap import Application
from carrel.core.access import Principal
from carrel.core.chat import ChatRequest, Message, Role, SamplingParams, Scope, TextDelta
from carrel.core.documents import FileOutcome, IncomingFile
from carrel.core.protocols.adapters import Embedder
from carrel.core.summaries import SummarizationRequest, Summarized
from carrel.services.text.sentences import sentences
from carrel.services.text.words import words
from carrel.settings.load import load_settings
from carrel.settings.process_environment import prepare_environment

COLLECTION = "UserData"
ME = Principal()
NEAR = 0.7
"""Cosine with a sentence of the article from which a sentence may be supported by it."""

KNOWN = 0.85
"""Share of its longer words that must occur in the article, besides all of its numbers."""

SUMMARY_TOKENS = 256
ANSWER_TOKENS = 64
SEED = 7
STYLES: Sequence[dict[str, object]] = (
    {"summary_style": "excerpts"},
    {"summary_style": "written"},
    {"summary_style": "written", "repetition_penalty": 1.2},
)
READINGS: Sequence[tuple[str, int]] = (("never", 3), ("never", 8), ("always", 8))


def normalized(text: str) -> str:
    """Return a text as SQuAD's evaluation compares it."""
    return " ".join(re.sub(r"\b(a|an|the)\b|[^\w\s]", " ", text.lower()).split())


def dot(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the cosine of two vectors of length 1."""
    return sum(a * b for a, b in zip(one, other, strict=True))


def judged(article: str, summary: str, embedder: Embedder) -> tuple[float, float, float, float]:
    """Return support, coverage, repetition (each 0 to 1) and the number of words of a summary."""
    source, written = sentences(article), sentences(summary) or [" "]
    known = set(words(article))
    of_source = embedder.embed_documents(source)
    of_written = embedder.embed_documents(written)
    supported = 0
    for text, vector in zip(written, of_written, strict=True):
        telling = [each for each in words(text) if len(each) > 3 or each[0].isdigit()]
        share = sum(each in known for each in telling) / max(1, len(telling))
        numbers = all(each in known for each in telling if each[0].isdigit())
        near = max(dot(vector, each) for each in of_source)
        supported += near >= NEAR and share >= KNOWN and numbers
    covered = [max(dot(each, other) for other in of_written) for each in of_source]
    said = words(summary)
    triples = list(zip(said, said[1:], said[2:], strict=False))
    repeated = 1 - len(set(triples)) / max(1, len(triples))
    return supported / len(written), statistics.mean(covered), repeated, float(len(said))


async def ingest(application: Application, articles: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Ingest each article as a document, and return their ids by title."""
    ids = {}
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for index, article in enumerate(articles):
            path = Path(folder) / str(index)
            path.write_text("\n\n".join(each["context"] for each in article["paragraphs"]))
            files.append(IncomingFile(path, f"{article['title']}.txt"))
        async for event in application.services.ingestion.ingest(files, COLLECTION, ME):
            if isinstance(event, FileOutcome) and event.document is not None:
                ids[event.name.removesuffix(".txt")] = event.document.id
    return ids


async def summarise(folder: Path, flags: dict[str, object], articles: list[Any]) -> None:
    """Summarise each article, and print the means."""
    application = opened(folder, flags)
    try:
        ids = await ingest(application, articles)
        started, rows = time.perf_counter(), []
        for article in articles:
            asked = SummarizationRequest(
                (COLLECTION,), ME, (ids[article["title"]],), max_tokens=SUMMARY_TOKENS
            )
            async for event in application.services.summaries.summarize(asked):
                if isinstance(event, Summarized):
                    text = "\n\n".join(each["context"] for each in article["paragraphs"])
                    rows.append(judged(text, event.text, application.indexes.embedder))
        support, coverage, repetition, length = map(statistics.mean, zip(*rows, strict=True))
        seconds = (time.perf_counter() - started) / len(articles)
        print(
            f"{flags}: support {support:.2f}, coverage {coverage:.2f}, "
            f"repetition {repetition:.2f}, {length:.0f} words, {seconds:.1f} s each",
            flush=True,
        )
    finally:
        await application.close()


async def ask(folder: Path, mode: str, top_k: int, articles: list[Any], questions: int) -> None:
    """Ask questions of their one article, and print how many answers contain the gold one."""
    application = opened(folder, {"whole_documents": mode})
    try:
        ids = await ingest(application, articles)
        asked = [
            (ids[article["title"]], qa)
            for article in articles
            for paragraph in article["paragraphs"]
            for qa in paragraph["qas"]
        ]
        random.Random(SEED).shuffle(asked)
        hits = 0
        for document_id, qa in asked[:questions]:
            request = ChatRequest(
                (Message(Role.USER, qa["question"]),),
                ME,
                sampling=SamplingParams(max_new_tokens=ANSWER_TOKENS),
                scope=Scope((COLLECTION,), (document_id,), top_k),
            )
            events = application.services.chat.answer(request)
            text = "".join([each.text async for each in events if isinstance(each, TextDelta)])
            hits += any(normalized(each["text"]) in normalized(text) for each in qa["answers"])
        count = len(asked[:questions])
        print(f"whole_documents={mode}, top_k={top_k}: {hits} of {count} contain the answer")
    finally:
        await application.close()


def opened(folder: Path, flags: dict[str, object]) -> Application:
    """Return an application with an empty data folder of its own."""
    given = {"db_dir": tempfile.mkdtemp(dir=folder), "offline": True, **flags}
    settings = load_settings({name: str(value) for name, value in given.items()}).settings
    application = bootstrap.build(settings)
    application.wait_until_ready()
    return application


async def main(every: list[Any], count: int, questions: int) -> None:
    """Measure everything."""
    with tempfile.TemporaryDirectory() as folder:
        for flags in STYLES:
            await summarise(Path(folder), flags, every[:count])
        for mode, top_k in READINGS:
            await ask(Path(folder), mode, top_k, every, questions)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--articles", type=int, default=12)
    parser.add_argument("--questions", type=int, default=100)
    given = parser.parse_args()
    prepare_environment(True)
    read = json.loads(given.data.read_text(encoding="utf-8"))["data"]
    asyncio.run(main(read, given.articles, given.questions))
