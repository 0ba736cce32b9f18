"""Chroma, FAISS and LanceDB as vector indexes: writing, search, memory, start, deletion, kills.

    python benchmarks/vector_stores.py --figures=FILE [--sizes=100000,1000000] [--rounds=3]
        [--stores=chroma,faiss,lance,lance_pq,lance_hnsw] [--batch=64] [--limit=1500]
        [--output=benchmarks/results/vector_stores.md]

Chroma and FAISS are Carrel's own indexes. LanceDB, which is no dependency of Carrel, has the same
methods in ``lance_index.py``: without an index of the vectors, with IVF_PQ, and with IVF_HNSW_SQ;
``pip install lancedb==0.40.0`` first, or name other ``--stores``. No store gets texts, which
Carrel's catalog keeps.

Documents have 100 chunks of 384 numbers. A vector is of unit length: the center of one of 1,000
topics, an offset of its document and one of its own, all of 64 numbers, spread over 384 by a fixed
matrix, and noise. Questions are chunks with noise; those in documents name the document of their
chunk and four others. Vectors are added as Carrel does, 64 at a time and those of a document apart,
or as many at a time as ``--batch`` says. Recall is the part of the ten nearest of an exact search.

Each step of each store is a process of its own; the stores take turns in every round, and the page
has medians. The variants of LanceDB share the rows that one of them wrote. The last step writes
further documents, is killed (SIGKILL) in between, and opens the store again: every chunk of an
``add`` that had returned must be there, with its vector. A step takes ``--limit`` seconds at most.
``--figures`` collects one line per store and round: further runs add to it, and the page is made
from all its lines.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray

from carrel.core.protocols.adapters import VectorIndex

sys.path.insert(0, str(Path(__file__).resolve().parent / "parts"))

from vector_stores_data import BATCH, NEAREST, PER_DOCUMENT, batches, document, exact
from vector_stores_report import STORES, page

Figures = dict[str, Any]

DELETED = 5
FURTHER = 1000
"""Documents to be written until the kill: more than any store writes until then."""

TOLERANCE = 1e-5
BLOCK = 2**24
LONGEST_SEARCHES_MS = 60_000
"""The questions are cut short after this time, for a scan of a million vectors."""

LONGEST_RECOVERY = 300
"""A store that opens later than after so many seconds is recorded as that."""

COLLECTION = "vectors"


def opened(store: str, folder: Path) -> VectorIndex:
    """Open a store; only its own library is loaded."""
    if store == "chroma":
        from carrel.index.chroma.durable_chroma import DurableChromaIndex

        return DurableChromaIndex(folder)
    if store == "faiss":
        from carrel.index.faiss.faiss import FaissIndex

        return FaissIndex(folder)
    from lance_index import LanceIndex

    return LanceIndex(folder, store)


def load_library(store: str) -> None:
    """Open an empty store, which loads its library."""
    with tempfile.TemporaryDirectory() as empty:
        opened(store, Path(empty)).close()


def fill(store: str, folder: Path, size: int, limit: float, batch: int) -> Figures:
    """Add what is missing from a store until it has so many vectors."""
    begun = time.perf_counter()
    index = opened(store, folder)
    spent: list[float] = []
    first = index.count(COLLECTION) // PER_DOCUMENT
    written = first * PER_DOCUMENT
    for chunks, vectors in batches(range(first, size // PER_DOCUMENT), batch):
        rows = vectors.tolist()
        started = time.perf_counter()
        index.add(COLLECTION, chunks, rows)
        spent.append(time.perf_counter() - started)
        written += len(chunks)
        if time.perf_counter() - begun > limit:
            break
    started = time.perf_counter()
    if written >= size:
        getattr(index, "settle", lambda: None)()
    index.close()
    figures = {"batch": batch, "written": written, "settle_s": time.perf_counter() - started}
    if spent:
        figures |= {"write_s": sum(spent), "longest_add_s": max(spent)}
    return figures | {"disk_mib": size_of(folder) / 2**20}


def size_of(folder: Path) -> int:
    """Return the bytes of all files in a folder."""
    return sum(each.stat().st_size for each in folder.rglob("*") if each.is_file())


def measure(store: str, folder: Path, truth: Figures) -> Figures:
    """Open a filled store, search it, and delete documents."""
    questions, named = truth["questions"], truth["named"]
    begun = time.perf_counter()
    load_library(store)
    figures: Figures = {"import_s": time.perf_counter() - begun}
    begun = time.perf_counter()
    index = opened(store, folder)
    index.search(COLLECTION, questions[0], NEAREST)
    figures["start_s"] = time.perf_counter() - begun
    for name, wanted, chosen in (
        ("search", truth["nearest"], [[]] * len(questions)),
        ("within", truth["nearest_within"], named),
    ):
        spent, found = [], 0
        for question, ids, expected in zip(questions, chosen, wanted, strict=True):
            begun = time.perf_counter()
            hits = index.search(COLLECTION, question, NEAREST, ids)
            spent.append((time.perf_counter() - begun) * 1000)
            found += len({chunk_id for chunk_id, _ in hits} & set(expected))
            if sum(spent) > LONGEST_SEARCHES_MS:
                break
        figures[f"{name}_p50_ms"] = statistics.median(spent)
        figures[f"{name}_p95_ms"] = statistics.quantiles(spent, n=20)[-1]
        figures[f"{name}_recall"] = found / NEAREST / len(spent)
    memory = psutil.Process().memory_info()
    figures["memory_mib"] = memory.rss / 2**20
    figures["own_memory_mib"] = (memory.rss - memory.shared) / 2**20
    return figures | _delete(index, folder)


def _delete(index: VectorIndex, folder: Path) -> Figures:
    """Delete documents one by one, and look for the vector of one in the files."""
    spent = []
    for number in range(DELETED):
        chunks, vectors = document(number)
        begun = time.perf_counter()
        index.delete_documents(COLLECTION, [chunks[0].document_id])
        spent.append(time.perf_counter() - begun)
    assert not index.vectors(COLLECTION, [chunks[0].id])
    index.close()
    return {
        "delete_s": statistics.median(spent),
        "deleted_on_disk": float(_occurs(vectors[7], folder)),
    }


def _occurs(vector: NDArray[np.float32], folder: Path) -> bool:
    """Whether any file contains the vector; Chroma's graphs have it with other last digits."""
    wanted = vector.tobytes()
    for path in folder.rglob("*"):
        if not path.is_file() or path.stat().st_size < len(wanted):
            continue
        with path.open("rb") as stream, mmap(stream.fileno(), 0, access=ACCESS_READ) as content:
            if content.find(wanted) >= 0:
                return True
        numbers = np.memmap(path, dtype=np.float32, mode="r", shape=path.stat().st_size // 4)
        for begin in range(0, len(numbers), BLOCK):
            if _is_near(vector, numbers[begin : begin + BLOCK + len(vector)]):
                return True
    return False


def _is_near(vector: NDArray[np.float32], numbers: NDArray[np.float32]) -> bool:
    with np.errstate(all="ignore"):
        begins = np.flatnonzero(np.abs(numbers - vector[0]) < TOLERANCE)
        begins = begins[begins <= len(numbers) - len(vector)]
        return any(
            np.allclose(numbers[begin : begin + len(vector)], vector, rtol=0, atol=TOLERANCE)
            for begin in begins
        )


def write_on(store: str, folder: Path, size: int) -> None:
    """Add documents until the process is killed; prints how many batches were acknowledged."""
    further = list(batches(range(size // PER_DOCUMENT, size // PER_DOCUMENT + FURTHER)))
    index = opened(store, folder)
    index.count(COLLECTION)
    print("ready", flush=True)
    for number, (chunks, vectors) in enumerate(further):
        index.add(COLLECTION, chunks, vectors.tolist())
        print(number + 1, flush=True)
    time.sleep(60)


def recover(store: str, folder: Path, size: int, acknowledged: int) -> Figures:
    """Open a store after the kill, and count which acknowledged chunks it has."""
    load_library(store)
    begun = time.perf_counter()
    index = opened(store, folder)
    index.search(COLLECTION, document(0)[1][0].tolist(), NEAREST)
    figures: Figures = {"recovery_s": time.perf_counter() - begun}
    expected: dict[str, NDArray[np.float32]] = {}
    for number, (chunks, vectors) in enumerate(batches(range(size // PER_DOCUMENT, 10**9))):
        if number >= acknowledged:
            break
        expected |= {chunk.id: row for chunk, row in zip(chunks, vectors, strict=True)}
    kept = index.vectors(COLLECTION, list(expected))
    same = sum(np.allclose(row, expected[name], atol=TOLERANCE) for name, row in kept.items())
    lost_before = size - DELETED * PER_DOCUMENT - (index.count(COLLECTION) - len(kept))
    found = index.search(COLLECTION, next(iter(expected.values())).tolist(), 1)
    index.close()
    return figures | {
        "acknowledged": len(expected),
        "lost": len(expected) - same,
        "lost_before": max(0, lost_before),
        "finds_new": float(bool(found) and found[0][0] in expected),
    }


def in_another_process(limit: float, *words: str) -> Figures:
    """Run one step in a process of its own and return its figures."""
    command = [sys.executable, __file__, *words]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=limit)
    except subprocess.TimeoutExpired:
        return {"failed": f"{words[1]}: more than {limit:.0f} s"}
    if done.returncode:
        return {"failed": f"{words[1]}: exit status {done.returncode}"}
    result: Figures = json.loads(done.stdout.splitlines()[-1])
    return result


def killed_while_writing(store: str, folder: Path, size: int) -> int:
    """Kill a writing process and return how many batches it had acknowledged."""
    command = [sys.executable, __file__, "--step", "write", store, str(folder), str(size)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip() == "1":
                break
        time.sleep(random.uniform(0.3, 1.5))
        process.kill()
        return max(1, *map(int, process.stdout.read().split()), 1)


def measured(store: str, size: int, base: Path, limit: float, batch: int) -> Figures:
    """Fill, measure and kill one store."""
    folder = base / store
    words = (store, str(folder), str(size))
    rows = base / f"rows-{size}"
    shared = store.startswith("lance_") and rows.exists()
    if shared:
        shutil.copytree(rows / "store", folder)
    rest = (str(0.9 * limit), str(batch))
    figures = in_another_process(limit, "--step", "fill", *words, *rest)
    if shared and "failed" not in figures:
        figures |= json.loads((rows / "figures.json").read_text())
    elif store == "lance" and "failed" not in figures:
        shutil.copytree(folder, rows / "store")
        kept = {name: figures[name] for name in ("write_s", "longest_add_s")}
        (rows / "figures.json").write_text(json.dumps(kept))
    if figures.get("written", 0) < size:
        return figures
    truth = str(base / f"exact-{size}.json")
    figures["load"] = os.getloadavg()[0]
    figures |= in_another_process(limit, "--step", "measure", *words, truth)
    acknowledged = killed_while_writing(store, folder, size)
    limit = min(limit, LONGEST_RECOVERY)
    return figures | in_another_process(limit, "--step", "recover", *words, str(acknowledged))


def run_all(given: argparse.Namespace) -> None:
    """Measure the stores in turns, and append a line for each."""
    stores = given.stores.split(",")
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        for size in map(int, given.sizes.split(",")):
            truth = exact(size)
            (base / f"exact-{size}.json").write_text(json.dumps(truth))
            for _ in range(given.rounds):
                for store in stores:
                    figures = measured(store, size, base, given.limit, given.batch)
                    shutil.rmtree(base / store, ignore_errors=True)
                    line = json.dumps({"store": store, "size": size, **figures})
                    print(line, file=sys.stderr, flush=True)
                    with given.figures.open("a", encoding="utf-8") as stream:
                        stream.write(line + "\n")
                shutil.rmtree(base / f"rows-{size}", ignore_errors=True)


def step(name: str, store: str, folder: Path, size: int, *rest: str) -> None:
    """Run one step, which another process asked for."""
    steps: dict[str, Callable[[], Figures | None]] = {
        "fill": lambda: fill(store, folder, size, float(rest[0]), int(rest[1])),
        "measure": lambda: measure(store, folder, json.loads(Path(rest[0]).read_text())),
        "write": lambda: write_on(store, folder, size),
        "recover": lambda: recover(store, folder, size, int(rest[0])),
    }
    print(json.dumps(steps[name]()))


def main() -> None:
    """Measure what was asked for, and write the page of all figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--figures", type=Path)
    parser.add_argument("--output", type=Path)
    parser.add_argument("--sizes", default="100000,1000000")
    parser.add_argument("--stores", default=",".join(STORES))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", type=int, default=BATCH)
    parser.add_argument("--limit", type=float, default=1500)
    parser.add_argument("--step", nargs="+", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.step:
        name, store, folder, size, *rest = given.step
        step(name, store, Path(folder), int(size), *rest)
        return
    run_all(given)
    output = given.output
    earlier = output.read_text(encoding="utf-8") if output and output.exists() else ""
    text = page([json.loads(line) for line in given.figures.read_text().splitlines()], earlier)
    if output:
        output.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
