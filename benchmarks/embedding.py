"""How fast Carrel embeds, beside plain sentence-transformers, and whether it finds as much.

    python benchmarks/embedding.py --data=FOLDER --questions=xquad.en.json [--rounds=5]

The folder holds PDF files, for instance the filings of FinanceBench (patronus-ai/financebench);
the questions are XQuAD's (google-deepmind/xquad, CC BY-SA 4.0). Chunks of the PDF files are
embedded in every way in turn, and each way's ratio to the plain one is taken within a round: what
else the machine does hits all of them. "Plain" is ``SentenceTransformer.encode`` with its
defaults, all texts in one call. Carrel's ways go through its indexer's groups of texts.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import date
from itertools import islice
from pathlib import Path
from unittest import mock

import numpy as np
import torch
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer

from carrel.core.documents import Piece
from carrel.index.embedding.embedder import SentenceTransformerEmbedder
from carrel.index.embedding.sentence_model import cpu_dtype
from carrel.index.embedding.sentence_model_files import embedder_folder
from carrel.ingest.chunking.splitter import RecursiveSplitter
from carrel.ingest.pdf.pdf import PdfReader
from carrel.services.indexing.indexing import BATCH, GROUP
from carrel.settings.document_settings import BUNDLED, DocumentSettings
from carrel.settings.process_environment import prepare_environment
from parts.environment import describe_environment

Vectors = NDArray[np.float32]
Way = Callable[[Sequence[str]], Vectors]


def chunks_of(folder: Path, count: int) -> list[str]:
    """Return chunks of the PDF files of a folder, from the middle of each, as many of every one."""
    settings = DocumentSettings()
    splitter = RecursiveSplitter(settings.chunk_size, settings.chunk_overlap)
    files = sorted(folder.rglob("*.pdf"))
    found: list[str] = []
    for number, path in enumerate(files):
        pieces: list[Piece] = list(splitter.split(PdfReader().read(path)))
        wanted = (count - len(found)) // (len(files) - number)
        found += [piece.text for piece in islice(pieces, len(pieces) // 2, None)][:wanted]
    return found


def in_groups(embedder: SentenceTransformerEmbedder, texts: Sequence[str]) -> Vectors:
    """Embed as the indexer does: of each batch, groups of texts of about one length."""
    vectors = np.empty((len(texts), embedder.dimension), dtype=np.float32)
    for start in range(0, len(texts), BATCH):
        rows = sorted(range(start, min(start + BATCH, len(texts))), key=lambda row: len(texts[row]))
        for first in range(0, len(rows), GROUP):
            group = rows[first : first + GROUP]
            vectors[group] = embedder.embed_documents([texts[row] for row in group])
    return vectors


def ways() -> dict[str, Way]:
    """Return the ways of embedding by their names; the first is what the others compare with."""
    folder = str(embedder_folder(BUNDLED, offline=True))
    plain = SentenceTransformer(folder, local_files_only=True)
    longer = SentenceTransformer(folder, local_files_only=True)
    longer.max_seq_length = 512
    with mock.patch("carrel.index.embedding.embedder.cpu_dtype", lambda: torch.float32):
        exact = SentenceTransformerEmbedder(BUNDLED, offline=True)
        exact.embed_query("load the weights")
    found: dict[str, Way] = {
        "plain": lambda texts: np.asarray(plain.encode(list(texts))),
        "plain, reading 512 tokens": lambda texts: np.asarray(longer.encode(list(texts))),
        "Carrel, float32": lambda texts: in_groups(exact, texts),
    }
    if cpu_dtype() is torch.bfloat16:
        fast = SentenceTransformerEmbedder(BUNDLED, offline=True)
        found["Carrel, bfloat16 (chosen here)"] = lambda texts: in_groups(fast, texts)
    return found


def seconds_of(way: Way, texts: Sequence[str]) -> float:
    """Return how long a way takes."""
    started = time.perf_counter()
    way(texts)
    return time.perf_counter() - started


def ranks(way: Way, questions: Path) -> NDArray[np.int64]:
    """Return for every question how many paragraphs are nearer than the one that it is about."""
    paragraphs: list[str] = []
    asked: list[str] = []
    about: list[int] = []
    for article in json.loads(questions.read_text(encoding="utf-8"))["data"]:
        for paragraph in article["paragraphs"]:
            for each in paragraph["qas"]:
                asked.append(each["question"])
                about.append(len(paragraphs))
            paragraphs.append(paragraph["context"])
    cosines = way(asked) @ way(paragraphs).T
    gold = cosines[np.arange(len(asked)), about]
    return np.sum(cosines > gold[:, None], axis=1)


def report(
    texts: Sequence[str], seconds: dict[str, list[float]], found: dict[str, NDArray[np.int64]]
) -> str:
    """Return the page of results."""
    base = next(iter(seconds.values()))
    lines = [
        "# Embedding",
        "",
        "Made by `python benchmarks/embedding.py`, which says how.",
        f"{len(texts)} chunks of {statistics.mean(map(len, texts)):.0f} characters on average, "
        f"{len(base)} interleaved rounds;",
        f"{len(next(iter(found.values())))} questions of XQuAD, vectors alone.",
        "",
        "| way | chunks/s, median | times plain, median (lowest, highest) | hit@1 | hit@5 | MRR |",
        "|---|---|---|---|---|---|",
    ]
    for name, spent in seconds.items():
        ratios = [other / own for other, own in zip(base, spent, strict=True)]
        rank = found[name]
        lines.append(
            f"| {name} | {len(texts) / statistics.median(spent):.0f} "
            f"| {statistics.median(ratios):.2f} ({min(ratios):.2f}, {max(ratios):.2f}) "
            f"| {np.mean(rank < 1):.3f} | {np.mean(rank < 5):.3f} | {np.mean(1 / (rank + 1)):.3f} |"
        )
    lines += ["", f"Measured on {date.today().isoformat()}:", ""]
    lines += [f"- {name}: {value}" for name, value in describe_environment().items()]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure every way."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--questions", type=Path, required=True)
    parser.add_argument("--chunks", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--output", type=Path)
    given = parser.parse_args()
    prepare_environment(offline=True)
    texts = chunks_of(given.data, given.chunks)
    measured = ways()
    seconds: dict[str, list[float]] = {name: [] for name in measured}
    for way in measured.values():
        way(texts[:GROUP])
    for _ in range(given.rounds):
        for name, way in measured.items():
            seconds[name].append(seconds_of(way, texts))
            print(f"{name}: {seconds[name][-1]:.1f} s", flush=True)
    page = report(
        texts, seconds, {name: ranks(way, given.questions) for name, way in measured.items()}
    )
    if given.output is not None:
        given.output.write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
