"""Makes the files of a large FAISS index from the rows of the database."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from carrel.index.faiss import centroids
from carrel.index.faiss.segment_files import SegmentFiles
from carrel.index.faiss.vector_rows import HIGHEST, Matrix, Numbers, SegmentRow, VectorRows, gaps

SEGMENT_ROWS = 200_000
"""Maximum vectors per file: 80 MB with 384 components, which a deletion rewrites."""

OUTGROWN = 4
"""Centroids are reused until the collection has grown by this factor since their training."""

Built = tuple[SegmentRow, int]
"""A segment, and the number of vectors in its file."""

Cleaned = tuple[str, SegmentRow | None, Any]


class SegmentBuilder:
    """Writes segments, and rewrites them without deleted vectors.

    Raises (every method):
        StorageFull, StoreCorrupt, StoreInUse, InvalidSetting, Unavailable: the disk failed.
    """

    def __init__(self, rows: VectorRows, files: SegmentFiles) -> None:
        self._rows = rows
        self._files = files

    def build(self, collection_id: str, check_stop: Callable[[], None]) -> Built | None:
        """Write a file of the oldest vectors that are in none; None if there are none.

        Returns the segment and its number of vectors. It is not recorded yet, and may contain
        vectors that were deleted meanwhile. Memory does not grow with the collection.
        ``check_stop`` is called regularly, and may raise.
        """
        segments = self._rows.segments(collection_id)
        index, trained_on = self._codebook(collection_id, segments, check_stop)
        if index is None:
            return None
        first = last = -1
        for numbers, matrix in self._uncovered(collection_id, segments):
            check_stop()
            free = SEGMENT_ROWS - index.ntotal
            index.add_with_ids(matrix[:free], numbers[:free])
            first = int(numbers[0]) if first < 0 else first
            last = int(numbers[:free][-1])
            if index.ntotal >= SEGMENT_ROWS:
                break
        if not index.ntotal:
            return None
        name, digest = self._files.write(index)
        return SegmentRow(name, collection_id, first, last, trained_on, digest), int(index.ntotal)

    def clean(self, collection_id: str) -> Iterator[Cleaned]:
        """Rewrite the stale segments without their deleted vectors.

        Yields each one's former name with its replacement: nothing, if its file was damaged or
        would be empty. Nothing may be added to the collection meanwhile.
        """
        for row in self._rows.segments(collection_id):
            if row.stale:
                yield self._cleaned(row)

    def _cleaned(self, row: SegmentRow) -> Cleaned:
        import faiss

        index = self._files.load(row.name) if self._whole(row) else None
        if index is not None:
            alive = faiss.IDSelectorBatch(
                self._rows.numbers_between(row.collection_id, row.first, row.last)
            )
            index.remove_ids(faiss.IDSelectorNot(alive))
        if index is None or not index.ntotal:
            self._rows.forget_segments([row.name])
            self._files.remove({row.name})
            return row.name, None, None
        name, digest = self._files.write(index)
        fresh = replace(row, name=name, digest=digest, stale=False)
        self._rows.put_segment(fresh, in_place_of=row.name)
        self._files.remove({row.name})
        return row.name, fresh, self._files.open(name)

    def _uncovered(
        self, collection_id: str, segments: Sequence[SegmentRow]
    ) -> Iterator[tuple[Numbers, Matrix]]:
        for begin, end in gaps(segments):
            yield from self._rows.stream(collection_id, begin, end)

    def _whole(self, row: SegmentRow) -> bool:
        return self._files.is_whole(row.name, row.digest)

    def _codebook(
        self, collection_id: str, segments: Sequence[SegmentRow], check_stop: Callable[[], None]
    ) -> tuple[Any, int]:
        """Return an empty index to fill, and the number of vectors when it was trained."""
        count = self._rows.count(collection_id)
        if not count:
            return None, 0
        for row in sorted(segments, key=lambda each: -each.trained_on):
            if count < OUTGROWN * row.trained_on and self._whole(row):
                index = self._files.load(row.name)
                index.reset()
                return index, row.trained_on
        every = -(-count // centroids.SAMPLE_ROWS)
        parts = []
        for _, matrix in self._rows.stream(collection_id, 0, HIGHEST, every):
            check_stop()
            parts.append(matrix)
        if not parts:
            parts = [next(self._rows.stream(collection_id))[1]]
        sample = np.concatenate(parts)[: centroids.SAMPLE_ROWS]
        lists = centroids.list_count(count, len(sample))
        return centroids.train(sample, lists, check_stop), count
