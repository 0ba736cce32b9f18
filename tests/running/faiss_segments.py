"""A FAISS index above a small limit, what is in its files, and what it misses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import pytest
from numpy.typing import NDArray

from carrel.core.documents import Chunk
from carrel.index.faiss.faiss import FaissIndex

COLLECTION = "c0123456789abcdef"
LIMIT = 300
LENGTH = 32

Opener = Callable[[], FaissIndex]


def directions(count: int, seed: int) -> NDArray[np.float32]:
    """Vectors of length 1, ten of them in each direction or near it."""
    chance = np.random.default_rng(seed)
    centers = np.repeat(chance.normal(size=(-(-count // 10), LENGTH)), 10, axis=0)[:count]
    vectors = centers + 0.3 * chance.normal(size=(count, LENGTH))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


VECTORS = directions(1200, seed=1)
CHUNKS = [Chunk(f"{row}", f"d{row // 10}", row % 10, "text") for row in range(len(VECTORS))]


def fill(index: FaissIndex, begin: int, end: int) -> None:
    index.add(COLLECTION, CHUNKS[begin:end], VECTORS[begin:end].tolist())


def misses(index: FaissIndex, rows: range) -> list[int]:
    """Return the rows whose vectors do not find themselves."""
    return [
        row
        for row in rows
        if index.search(COLLECTION, VECTORS[row].tolist(), 1)
        != [(CHUNKS[row].id, pytest.approx(1.0, abs=1e-5))]
    ]


def segments(folder: Path) -> set[Path]:
    return set(folder.glob("*.segment*"))


def numbers_in(path: Path) -> list[int]:
    """Return the numbers of the vectors in a file."""
    index: Any = faiss.read_index(str(path))
    lists = index.invlists
    parts = [
        faiss.rev_swig_ptr(lists.get_ids(each), lists.list_size(each)).tolist()
        for each in range(index.nlist)
    ]
    return [number for part in parts for number in part]


def vectors_in(path: Path) -> NDArray[np.float32]:
    """Return every vector that can be had from a file, centers of lists included."""
    index: Any = faiss.read_index(str(path))
    index.set_direct_map_type(faiss.DirectMap.Hashtable)
    centers = index.quantizer.reconstruct_n(0, index.nlist)
    return np.asarray([*centers, *map(index.reconstruct, numbers_in(path))])


def nearest_in_files(folder: Path, vector: NDArray[np.float32]) -> float:
    """Return the greatest cosine with anything in the files."""
    cosines = []
    for path in segments(folder):
        stored = vectors_in(path)
        cosines.append(float(np.max(stored @ vector / np.linalg.norm(stored, axis=1))))
    return max(cosines)
