"""FAISS index of one collection: the latest vectors in memory, the others in files."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from carrel.index.faiss.vector_rows import Matrix, Numbers, SegmentRow, VectorRows

if TYPE_CHECKING:
    import faiss

PROBES = 128
PROBED_PART = 16
"""Lists of a file to search: the nearest 128, or one in sixteen if that is more."""

CANDIDATES = 100
PER_WANTED = 4
"""Candidates from files that are scored again by their exact vectors: a minimum, and a number per
requested result."""

EXACT_ROWS = 2_000
"""A search among so few vectors reads all of them from the database."""


class CollectionIndex:
    """Nearest vectors of one collection. Not thread-safe.

    The tail, a flat index, is exact. The segments are approximate, and know neither which of their
    vectors were deleted nor the exact scores: both come from the database.
    """

    def __init__(self, length: int, rows: VectorRows) -> None:
        import faiss

        self.length = length
        self.failed_at = 0
        self._rows = rows
        self._tail = faiss.IndexIDMap2(faiss.IndexFlatIP(length))
        self._segments: dict[str, tuple[SegmentRow, Any]] = {}
        self._dead: set[int] = set()

    @property
    def total(self) -> int:
        """The number of vectors."""
        in_segments = sum(int(index.ntotal) for _, index in self._segments.values())
        return int(self._tail.ntotal) + in_segments - len(self._dead)

    @property
    def in_memory(self) -> int:
        """The number of vectors in the tail."""
        return int(self._tail.ntotal)

    @property
    def has_segments(self) -> bool:
        """Whether part of the vectors is in files."""
        return bool(self._segments)

    @property
    def is_stale(self) -> bool:
        """Whether files contain deleted vectors."""
        return bool(self._dead)

    def add(self, numbers: Sequence[int] | Numbers, matrix: Matrix) -> None:
        """Add unit vectors to the tail."""
        self._tail.add_with_ids(matrix, np.asarray(numbers, dtype=np.int64))

    def remove(self, numbers: Sequence[int]) -> None:
        """Exclude vectors from later searches; their rows have been deleted."""
        import faiss

        if not numbers:
            return
        self._tail.remove_ids(faiss.IDSelectorBatch(np.asarray(numbers, dtype=np.int64)))
        for row, _ in self._segments.values():
            self._dead.update(each for each in numbers if row.first <= each <= row.last)

    def put_segment(self, row: SegmentRow, index: Any) -> None:
        """Add a file to the search; its vectors are dropped from the tail."""
        import faiss

        self._segments[row.name] = (row, index)
        self._tail.remove_ids(faiss.IDSelectorRange(row.first, row.last + 1))

    def replace_segment(self, name: str, row: SegmentRow, index: Any) -> None:
        """Replace the named file, which contained deleted vectors, by another one."""
        self._segments.pop(name, None)
        self._segments[row.name] = (row, index)
        self._dead = {each for each in self._dead if not row.first <= each <= row.last}

    def search(
        self, query: Matrix, wanted: int, allowed: Numbers | None
    ) -> list[tuple[int, float]]:
        """Return (number, cosine) pairs, best first, at most ``wanted``.

        ``query`` is one row of length 1. ``allowed`` restricts the search to those numbers; then
        every list of every file is searched, however far from the query.
        """
        wanted = min(wanted, self.total if allowed is None else len(allowed))
        if wanted <= 0:
            return []
        if self._segments and allowed is not None and len(allowed) <= EXACT_ROWS:
            found = self._exact(query, allowed)
        else:
            found = self._nearest(query, wanted, allowed, exhaustive=allowed is not None)
            if len(found) < wanted and allowed is None:
                found = self._nearest(query, wanted, allowed, exhaustive=True)
        return heapq.nlargest(wanted, found.items(), key=lambda each: each[1])

    def _exact(self, query: Matrix, numbers: Iterable[int]) -> dict[int, float]:
        there, matrix = self._rows.matrix_of([int(each) for each in numbers])
        if not len(there):
            return {}
        return dict(zip(there.tolist(), (matrix @ query[0]).tolist(), strict=True))

    def _nearest(
        self, query: Matrix, wanted: int, allowed: Numbers | None, *, exhaustive: bool
    ) -> dict[int, float]:
        import faiss

        found: dict[int, float] = {}
        if self._tail.ntotal:
            parameters = None
            if allowed is not None:
                selector = faiss.IDSelectorBatch(allowed)
                parameters = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
            count = min(wanted, self._tail.ntotal)
            found = dict(_pairs(self._tail.search(query, count, params=parameters)))
        if self._segments:
            candidates = self._candidates(query, wanted, allowed, exhaustive=exhaustive)
            found |= self._exact(query, candidates)
        return found

    def _candidates(
        self, query: Matrix, wanted: int, allowed: Numbers | None, *, exhaustive: bool
    ) -> list[int]:
        """Return the nearest numbers according to the files."""
        count = max(CANDIDATES, PER_WANTED * wanted)
        selector = self._selector(allowed)
        within = None if allowed is None else np.sort(allowed)
        best: list[tuple[int, float]] = []
        for row, index in self._segments.values():
            if within is not None:
                begin, end = np.searchsorted(within, (row.first, row.last + 1))
                if begin == end:
                    continue
            best += _pairs(self._search_segment(index, query, count, selector, exhaustive))
        return [number for number, _ in heapq.nlargest(count, best, key=lambda each: each[1])]

    def _search_segment(
        self, index: Any, query: Matrix, count: int, selector: Any, exhaustive: bool
    ) -> Any:
        import faiss

        probes = index.nlist if exhaustive else max(PROBES, index.nlist // PROBED_PART)
        parameters = faiss.SearchParametersIVF(  # type: ignore[call-arg]
            sel=selector, nprobe=min(probes, index.nlist)
        )
        return index.search(query, min(count, index.ntotal), params=parameters)

    def _selector(self, allowed: Numbers | None) -> faiss.IDSelector | None:
        import faiss

        if allowed is not None:
            return faiss.IDSelectorBatch(allowed)
        if self._dead:
            dead = np.fromiter(self._dead, dtype=np.int64)
            return faiss.IDSelectorNot(faiss.IDSelectorBatch(dead))
        return None


def _pairs(found: Any) -> list[tuple[int, float]]:
    """Return the numbers and scores of one query."""
    scores, numbers = found
    return [
        (int(number), float(score))
        for number, score in zip(numbers[0], scores[0], strict=True)
        if number >= 0
    ]
