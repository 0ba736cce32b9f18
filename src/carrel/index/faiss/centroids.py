"""Trains the inverted lists of a large FAISS index."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from carrel.index.embedding.directions import normalize

SAMPLE_ROWS = 100_000
"""Maximum training vectors: 150 MB with 384 components."""

MOST_LISTS = 4096
PER_LIST = 24
"""Minimum training vectors per list."""

ROUNDS = 10
ASSIGN_ROWS = 10_000

KEPT_MEMBERS = 5
"""A list with fewer is dropped: its centroid would almost be a copy of a vector, and stay when that
is deleted."""


def list_count(vectors: int, sample: int) -> int:
    """Return the number of lists for so many vectors, with a sample of that size."""
    return max(1, min(4 * int(vectors**0.5), sample // PER_LIST, MOST_LISTS))


def train(sample: NDArray[np.float32], lists: int, check_stop: Callable[[], None]) -> Any:
    """Return an empty ``IndexIVFScalarQuantizer`` of 8 bits with at most so many lists.

    ``sample`` holds unit vectors, one per row. ``check_stop`` is called between two rounds, and may
    raise to stop.
    """
    import faiss

    length = sample.shape[1]
    chance = np.random.default_rng(0)
    centers = sample[np.sort(chance.choice(len(sample), size=lists, replace=False))]
    for _ in range(ROUNDS):
        centers, _ = _moved(sample, centers, check_stop)
    centers, members = _moved(sample, centers, check_stop)
    if (members >= KEPT_MEMBERS).any():
        centers = centers[members >= KEPT_MEMBERS]
    else:
        centers = sample.mean(axis=0, keepdims=True)
        normalize(centers)
    quantizer = faiss.IndexFlatIP(length)
    quantizer.add(centers)
    index = faiss.IndexIVFScalarQuantizer(
        quantizer,
        length,
        len(centers),
        faiss.ScalarQuantizer.QT_8bit,
        faiss.METRIC_INNER_PRODUCT,
    )
    check_stop()
    index.train(sample)
    # The copy owns its quantizer, whereas the index only points to one that Python owns.
    return faiss.deserialize_index(faiss.serialize_index(index))


def _moved(
    sample: NDArray[np.float32], centers: NDArray[np.float32], check_stop: Callable[[], None]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return the normalised means around each centroid, and their numbers of vectors."""
    import faiss

    flat = faiss.IndexFlatIP(centers.shape[1])
    flat.add(centers)
    nearest = np.empty(len(sample), dtype=np.int64)
    for begin in range(0, len(sample), ASSIGN_ROWS):
        check_stop()
        part = slice(begin, begin + ASSIGN_ROWS)
        nearest[part] = flat.search(sample[part], 1)[1][:, 0]
    order = np.argsort(nearest, kind="stable")
    members = np.bincount(nearest, minlength=len(centers))
    moved = centers.copy()
    end = 0
    for center in np.flatnonzero(members):
        begin, end = end, end + int(members[center])
        moved[center] = sample[order[begin:end]].sum(axis=0)
    normalize(moved)
    return moved, members
