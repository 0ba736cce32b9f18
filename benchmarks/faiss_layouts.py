"""FAISS layouts compared: recall, bytes, and times, above the size where a flat index will do.

    python benchmarks/faiss_layouts.py --data=FOLDER [--size=120000] [--pieces=8000]
        [--parts=layouts,store] [--store_sizes=120000,400000] [--threads=2] [--vectors=FILE]
        [--output=benchmarks/results/faiss_layouts.md]

FOLDER holds PDF files; the committed result uses filings of FinanceBench
(patronus-ai/financebench). Pieces of 120 characters of their text are embedded by the bundled
embedder. Four hundred of them are questions and are not stored. The others are stored, and around
them as many vectors more as the size asks for: a piece, moved by the difference between another
piece and one of that one's 20 nearest, so that the neighbourhoods keep the shape of real ones.
``--vectors`` keeps the embedded pieces for the next run. Nearest is what the flat index says.

"10 exact of 100" takes the 100 best by the layout and orders them by the vectors themselves, as
the store does. Times are of one question at a time. The second part is Carrel's own store, which
took the layout that it says: filled, closed, and opened again by a new process.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import psutil
from numpy.typing import NDArray

from carrel.core.documents import Chunk
from carrel.index.faiss.faiss import FaissIndex
from parts.environment import describe_environment

sys.path.insert(0, str(Path(__file__).resolve().parent / "parts"))

from faiss_vectors import Matrix, embedded, grown

QUESTIONS = 400
LISTS = 1024
CANDIDATES = 100


@dataclass(frozen=True)
class Row:
    """What was measured of one layout with one effort of searching."""

    layout: str
    effort: str
    recall: float
    ordered_recall: float
    milliseconds: float
    bytes_each: float
    build_seconds: float
    deletes: bool


def layouts(length: int) -> Iterator[tuple[str, Any, list[tuple[str, Any]]]]:
    """Yield the name of each layout, an empty index, and efforts of searching."""
    probes = [
        (f"{count} of {LISTS} lists", faiss.SearchParametersIVF(nprobe=count))
        for count in (16, 32, 64, 128)
    ]
    links = [(f"ef {count}", faiss.SearchParametersHNSW(efSearch=count)) for count in (64, 128)]
    for kind in ("SQ8", "SQ4", "PQ96", "PQ48"):
        name = f"IVF{LISTS},{kind}"
        yield name, faiss.index_factory(length, name, faiss.METRIC_INNER_PRODUCT), probes
    for kind in ("SQ8", "Flat"):
        name = f"HNSW32,{kind}"
        yield name, faiss.index_factory(length, name, faiss.METRIC_INNER_PRODUCT), links


def build(index: Any, stored: Matrix) -> float:
    """Train and fill an index; returns the seconds."""
    begun = time.perf_counter()
    if not index.is_trained:
        index.train(stored[np.random.default_rng(2).permutation(len(stored))[: 50 * LISTS]])
    for begin in range(0, len(stored), 10_000):
        index.add(stored[begin : begin + 10_000])
    return time.perf_counter() - begun


def bytes_of(index: Any) -> int:
    """Return how long a file of the index is, which is what it holds in memory."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index"
        faiss.write_index(index, str(path))
        return path.stat().st_size


def recall(found: NDArray[np.int64], nearest: NDArray[np.int64]) -> float:
    """Return which part of the nearest was found."""
    pairs = zip(found, nearest, strict=True)
    return sum(len(set(a) & set(b)) for a, b in pairs) / nearest.size


def ordered(found: NDArray[np.int64], stored: Matrix, questions: Matrix) -> NDArray[np.int64]:
    """Return the ten best of the candidates by their true cosine."""
    rows = []
    for numbers, question in zip(found, questions, strict=True):
        there = numbers[numbers >= 0]
        rows.append(there[np.argsort(-(stored[there] @ question))[:10]])
    return np.asarray([np.pad(row, (0, 10 - len(row)), constant_values=-1) for row in rows])


def measure(stored: Matrix, questions: Matrix) -> Iterator[Row]:
    """Yield what is measured of the flat index, then of every layout."""
    flat = faiss.IndexFlatIP(stored.shape[1])
    seconds = build(flat, stored)
    nearest, each = searched(flat, questions, None, 10)
    yield Row("Flat", "all", 1.0, 1.0, each, stored.shape[1] * 4, seconds, True)
    for name, index, efforts in layouts(stored.shape[1]):
        seconds = build(index, stored)
        size = bytes_of(index) / len(stored)
        for effort, parameters in efforts:
            ten, _ = searched(index, questions, parameters, 10)
            hundred, each = searched(index, questions, parameters, CANDIDATES)
            best = ordered(hundred, stored, questions)
            yield Row(
                name,
                effort,
                recall(ten, nearest),
                recall(best, nearest),
                each,
                size,
                seconds,
                name.startswith("IVF"),
            )


def searched(
    index: Any, questions: Matrix, parameters: Any, count: int
) -> tuple[NDArray[np.int64], float]:
    """Return what is found for each question, and the milliseconds each took."""
    begun = time.perf_counter()
    found = [index.search(each[None], count, params=parameters)[1][0] for each in questions]
    return np.asarray(found), (time.perf_counter() - begun) * 1000 / len(questions)


def fill_store(folder: Path, stored: Matrix) -> dict[str, str]:
    """Put the vectors into a store; the first document has 1,000, the others 100 each."""
    ids = ["d0"] * 1000 + [f"d{row // 100}" for row in range(1000, len(stored))]
    chunks = [Chunk(f"{row}", ids[row], row, "") for row in range(len(stored))]
    index = FaissIndex(folder)
    begun = time.perf_counter()
    for begin in range(0, len(stored), 64):
        part = slice(begin, begin + 64)
        index.add("c", chunks[part], stored[part].tolist())
    filled = time.perf_counter() - begun
    index.settle()
    settled = time.perf_counter() - begun
    index.close()
    files = sum(path.stat().st_size for path in folder.glob("*.segment"))
    database = sum(path.stat().st_size for path in folder.glob("vectors.db*"))
    return {
        "filling, s": f"{filled:.1f}",
        "until the files were made as well, s": f"{settled:.1f}",
        "files, bytes a vector of all": f"{files / len(stored):.0f}",
        "database, bytes a vector": f"{database / len(stored):.0f}",
    }


def own_memory() -> float:
    """Return the bytes of this process that are no pages of files."""
    memory = psutil.Process().memory_info()
    return float(memory.rss - memory.shared)


def measure_store(folder: Path, stored: Matrix, questions: Matrix) -> dict[str, str]:
    """Open a filled store, search it, and delete from it."""
    flat = faiss.IndexFlatIP(stored.shape[1])
    flat.add(stored)
    nearest = [set(map(str, row)) for row in flat.search(questions, 10)[1]]
    del flat
    before, begun = own_memory(), time.perf_counter()
    index = FaissIndex(folder)
    index.search("c", questions[0].tolist(), 10)
    figures = {"opening and the first search, s": f"{time.perf_counter() - begun:.2f}"}
    index.settle()
    for title, documents in (("", []), (" in one document of 1,000", ["d0"])):
        spent, hits = [], 0
        for question, wanted in zip(questions, nearest, strict=True):
            begun = time.perf_counter()
            found = index.search("c", question.tolist(), 10, documents)
            spent.append((time.perf_counter() - begun) * 1000)
            hits += len(wanted & {name for name, _ in found})
        if not documents:
            figures["recall@10"] = f"{hits / 10 / len(questions):.3f}"
        figures[f"search{title}, p50 ms"] = f"{statistics.median(spent):.1f}"
        figures[f"search{title}, p95 ms"] = f"{statistics.quantiles(spent, n=20)[-1]:.1f}"
    figures["memory of its own, bytes a vector"] = f"{(own_memory() - before) / len(stored):.0f}"
    begun = time.perf_counter()
    index.delete_documents("c", ["d0"])
    figures["deleting the document of 1,000, s"] = f"{time.perf_counter() - begun:.2f}"
    index.close()
    return figures


def store_figures(size: int) -> dict[str, str]:
    """Fill a store in one process and measure it in another."""
    figures: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        for step in ("fill", "measure"):
            own = [f"--size={size}", f"--step={step}", f"--folder={folder}"]
            command = [sys.executable, __file__, *sys.argv[1:], *own]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            figures |= json.loads(done.stdout.splitlines()[-1])
    return figures


def store_table(sizes: list[int]) -> list[str]:
    """Measure the store at each size, and return the table."""
    columns = [store_figures(size) for size in sizes]
    heads = " | ".join(f"{size:,} vectors" for size in sizes)
    lines = ["## The store", "", f"| figure | {heads} |", f"|---|{'---|' * len(sizes)}"]
    return lines + [
        f"| {name} | {' | '.join(column[name] for column in columns)} |" for name in columns[0]
    ]


def layout_table(rows: list[Row]) -> list[str]:
    """Return the table of the layouts."""
    lines = [
        "## The layouts",
        "",
        "| layout | effort | recall@10 | 10 exact of 100 | ms a question | bytes a vector "
        "| build, s | deletes |",
        "|---|---|---|---|---|---|---|---|",
    ]
    return lines + [
        f"| {row.layout} | {row.effort} | {row.recall:.3f} | {row.ordered_recall:.3f} "
        f"| {row.milliseconds:.2f} | {row.bytes_each:.0f} | {row.build_seconds:.0f} "
        f"| {'yes' if row.deletes else 'no'} |"
        for row in rows
    ]


def page(tables: list[list[str]], size: int, real: int, threads: int) -> str:
    """Return the page of results."""
    lines = [
        "# FAISS layouts",
        "",
        "Made by `python benchmarks/faiss_layouts.py --data=FOLDER`, which says how; the data are",
        f"filings of FinanceBench (patronus-ai/financebench). Vectors of 384 numbers, {real:,} of",
        f"them embedded pieces of text and the others made around those; layouts with {size:,};",
        f"{QUESTIONS} questions; {threads} threads.",
        "",
    ]
    for table in tables:
        lines += [*table, ""]
    lines += [f"Measured on {date.today()}:", ""]
    about = {"faiss-cpu": version("faiss-cpu"), **describe_environment()}
    lines += [f"- {name}: {value}" for name, value in about.items()]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure what was asked for, and print the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--size", type=int, default=120_000)
    parser.add_argument("--pieces", type=int, default=8_000)
    parser.add_argument("--parts", default="layouts,store")
    parser.add_argument("--store_sizes", default="120000,400000")
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--vectors", type=Path)
    parser.add_argument("--output", type=Path)
    parser.add_argument("--step", choices=["fill", "measure"], help="of the store; it adds these")
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        given.vectors = given.vectors or Path(temporary) / "vectors.npy"
        if not given.vectors.exists():
            np.save(given.vectors, embedded(given.data, given.pieces))
        run(given)


def run(given: argparse.Namespace) -> None:
    """Measure with the embedded pieces at hand."""
    real = np.load(given.vectors)
    faiss.omp_set_num_threads(given.threads)
    real = real[np.random.default_rng(0).permutation(len(real))]
    questions, real = real[:QUESTIONS], real[QUESTIONS:]
    stored = grown(real, given.size)
    if given.step == "fill":
        print(json.dumps(fill_store(given.folder, stored)))
        return
    if given.step == "measure":
        print(json.dumps(measure_store(given.folder, stored, questions)))
        return
    tables = []
    if "layouts" in given.parts:
        rows = []
        for row in measure(stored, questions):
            print(row, flush=True)
            rows.append(row)
        tables.append(layout_table(rows))
    if "store" in given.parts:
        sys.argv.append(f"--vectors={given.vectors}")
        tables.append(store_table([int(size) for size in given.store_sizes.split(",")]))
    text = page(tables, given.size, len(real), given.threads)
    if given.output:
        given.output.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
