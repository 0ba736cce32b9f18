"""The stores, measured: search, memory, start and deletion at 1,000, 10,000 and 100,000 chunks.

    python benchmarks/stores.py [--output=benchmarks/results/stores.md] [--sizes=1000,10000]

The chunks are generated: words by their frequency in English (Zipf's law, the common words being
real ones), 160 to a chunk; vectors of 384 numbers around as many topics as there are documents.
One document has 1,000 chunks, the others 100 each. Questions have eight words of a chunk and the
common words of questions; their vectors are those of the chunk with noise. Everything goes through
Carrel's own services. A store is filled in one process and measured in another, so that its start
and its memory are those of a server that starts with it; the time of an embedding is not counted.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import psutil
from numpy.typing import NDArray

from carrel import bootstrap
from carrel.core.access import Principal
from carrel.core.chat import Scope
from carrel.core.documents import Chunk
from carrel.index.keyword.keyword import SqliteKeywordIndex
from carrel.settings.load import load_settings
from carrel.storage.catalog import SqliteCatalog
from carrel.storage.database import Database
from parts.environment import describe_environment

LENGTH = 384
LARGE, USUAL = 1000, 100
QUESTIONS = 200
COLLECTION = "UserData"
ME = Principal()
COMMON = (
    "the of and to in a is that for it was on are as with be by at this from or have an which "
    "not were their has its we"
)
WORDS = [*COMMON.split(), *(f"word{number}" for number in range(20_000))]
FREQUENCIES = 1 / np.arange(1, len(WORDS) + 1)
FREQUENCIES /= FREQUENCIES.sum()
FIGURES = {
    "start_s": "start, s",
    "first_search_ms": "first search, ms",
    "both_p50_ms": "search p50, ms",
    "both_p95_ms": "search p95, ms",
    "document_p50_ms": "search in one document p50, ms",
    "document_p95_ms": "search in one document p95, ms",
    "dense_p50_ms": "of it the vectors alone p50, ms",
    "keyword_p50_ms": "of it the words alone p50, ms",
    "memory_kib_per_chunk": "memory per chunk, KiB",
    "disk_kib_per_chunk": "disk per chunk, KiB",
    "delete_s": "deleting the document of 1,000 chunks, s",
    "fill_s": "filling without embedding, s",
}


class GeneratedEmbedder:
    """Gives the vector that was laid out for a question."""

    name = "generated"
    dimension = LENGTH

    def __init__(self, questions: dict[str, list[float]]) -> None:
        self._questions = questions

    def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        """Embeds nothing: the stores are filled with vectors of their own."""
        raise AssertionError("a store lost its vectors")

    def embed_query(self, text: str) -> list[float]:
        """Return the vector of a question."""
        return self._questions.get(text, [1.0, *[0.0] * (LENGTH - 1)])


def topic(number: int, count: int) -> tuple[list[str], NDArray[np.float32]]:
    """Return the texts and vectors of one document."""
    chance = np.random.default_rng(number)
    drawn = chance.choice(len(WORDS), size=(count, 160), p=FREQUENCIES)
    texts = [" ".join(WORDS[word] for word in row) for row in drawn]
    center = chance.normal(size=LENGTH)
    vectors = (center + chance.normal(size=(count, LENGTH))).astype(np.float32)
    return texts, vectors


def documents(size: int) -> list[int]:
    """Return how many chunks each document has; the first is the large one."""
    return [min(LARGE, size), *[USUAL] * ((size - LARGE) // USUAL)]


def fill(store: str, size: int, folder: Path) -> None:
    """Fill a data folder."""
    database = Database(folder / "catalog.db")
    catalog = SqliteCatalog(database)
    [collection] = [each for each in catalog.collections() if each.name == COLLECTION]
    catalog.set_embedder(collection.id, GeneratedEmbedder.name)
    settings = load_settings({"db_type": store, "db_dir": str(folder)}).settings
    vectors, keywords = bootstrap.vector_index(settings), SqliteKeywordIndex(folder / "keyword.db")
    for number, count in enumerate(documents(size)):
        record = catalog.begin_document(collection.id, f"{number}.txt", str(number), 0)
        texts, matrix = topic(number, count)
        chunks = [
            Chunk(f"{record.id}-{ordinal}", record.id, ordinal, text)
            for ordinal, text in enumerate(texts)
        ]
        catalog.add_chunks(record.id, chunks)
        vectors.add(collection.id, chunks, matrix.tolist())
        keywords.add(collection.id, chunks, texts)
        catalog.finish_document(record.id, None)
    for each in (vectors, keywords, database):
        each.close()


def questions(size: int) -> dict[str, list[float]]:
    """Return questions and their vectors, spread over the documents."""
    chance = np.random.default_rng(999_999)
    counts = documents(size)
    made: dict[str, list[float]] = {}
    for number in chance.integers(len(counts), size=QUESTIONS):
        texts, vectors = topic(int(number), counts[number])
        row = int(chance.integers(len(texts)))
        words = chance.choice(texts[row].split(), size=8, replace=False)
        noisy = vectors[row] + 0.5 * chance.normal(size=LENGTH)
        made[f"what was the {' '.join(words)} of this"] = noisy.tolist()
    return made


async def measure(store: str, size: int, folder: Path) -> dict[str, float]:
    """Start with a filled data folder, search, and delete."""
    asked = questions(size)
    memory = psutil.Process().memory_info
    settings = load_settings(
        {"db_type": store, "db_dir": str(folder), "engine": "scripted", "offline": "True"}
    ).settings
    with tempfile.TemporaryDirectory() as empty:
        # Loads the libraries, which a server does beside its model and whatever it stores.
        update = {"storage": settings.storage.model_copy(update={"db_dir": Path(empty)})}
        await bootstrap.build(settings.model_copy(update=update), GeneratedEmbedder(asked)).close()
    before = memory().rss
    started = time.perf_counter()
    application = bootstrap.build(settings, GeneratedEmbedder(asked))
    figures = {"start_s": time.perf_counter() - started}
    retrieval, collections = application.services.retrieval, application.services.collections
    stored = await collections.documents(COLLECTION, ME)
    collection = await collections.get(COLLECTION, ME)

    async def times(*ids: str) -> list[float]:
        spent = []
        for question in asked:
            begun = time.perf_counter()
            await retrieval.search(question, Scope((COLLECTION,), ids, 8), ME)
            spent.append((time.perf_counter() - begun) * 1000)
        return spent

    def percentiles(name: str, spent: list[float]) -> None:
        figures[f"{name}_p50_ms"] = statistics.median(spent)
        figures[f"{name}_p95_ms"] = statistics.quantiles(spent, n=20)[-1]

    spent = await times()
    figures["first_search_ms"] = spent[0]
    percentiles("both", spent[1:])
    figures["memory_kib_per_chunk"] = (memory().rss - before) / size / 1024
    large = max(stored, key=lambda each: each.chunks)
    percentiles("document", await times(large.id))
    for name in ("dense", "keyword"):
        spent = []
        for question, vector in asked.items():
            begun = time.perf_counter()
            if name == "dense":
                application.indexes.vectors.search(collection.id, vector, 50)
            else:
                application.indexes.keywords.search(collection.id, question, 50)
            spent.append((time.perf_counter() - begun) * 1000)
        percentiles(name, spent)
    begun = time.perf_counter()
    await collections.delete_document(COLLECTION, large.id, ME)
    figures["delete_s"] = time.perf_counter() - begun
    await application.close()
    return figures


def in_another_process(*words: str) -> str:
    """Run this script with other arguments and return what it printed last."""
    done = subprocess.run(
        [sys.executable, __file__, *words], check=True, stdout=subprocess.PIPE, text=True
    )
    return (done.stdout.splitlines() or [""])[-1]


def figures_of(store: str, size: int) -> dict[str, float]:
    """Fill and measure one store."""
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        in_another_process("--fill", store, str(size), folder)
        filled = time.perf_counter() - begun
        disk = sum(each.stat().st_size for each in Path(folder).rglob("*") if each.is_file())
        figures = json.loads(in_another_process("--measure", store, str(size), folder))
    return {**figures, "fill_s": filled, "disk_kib_per_chunk": disk / size / 1024}


def report(results: dict[tuple[str, int], dict[str, float]]) -> str:
    """Return the page of results."""
    heads = [f"{store}, {size:,}" for store, size in results]
    lines = [
        "# The stores",
        "",
        "Made by `python benchmarks/stores.py`, which says how. All in one run.",
        "The targets at 100,000 chunks: search p50 under 30 ms and p95 under 80 ms, start under",
        "5 s, deletion under 1 s.",
        "",
        f"| figure | {' | '.join(heads)} |",
        f"|---|{'---|' * len(heads)}",
    ]
    for key, name in FIGURES.items():
        values = " | ".join(f"{figures[key]:.3g}" for figures in results.values())
        lines.append(f"| {name} | {values} |")
    lines += ["", f"Measured on {date.today()}:", ""]
    lines += [f"- {name}: {value}" for name, value in describe_environment().items()]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure every store at every size."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--output", type=Path)
    parser.add_argument("--sizes", default="1000,10000,100000")
    parser.add_argument("--stores", default="chroma,faiss")
    parser.add_argument("--fill", nargs=3)
    parser.add_argument("--measure", nargs=3)
    given = parser.parse_args()
    if given.fill:
        store, size, folder = given.fill
        fill(store, int(size), Path(folder))
        return
    if given.measure:
        store, size, folder = given.measure
        print(json.dumps(asyncio.run(measure(store, int(size), Path(folder)))))
        return
    results: dict[tuple[str, int], dict[str, float]] = {}
    for store in given.stores.split(","):
        for size in map(int, given.sizes.split(",")):
            results[store, size] = figures_of(store, size)
            print(store, size, json.dumps(results[store, size]), file=sys.stderr, flush=True)
    page = report(results)
    if given.output:
        given.output.write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
