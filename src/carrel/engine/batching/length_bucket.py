"""Rows of similar length that are computed together."""

from __future__ import annotations

import math

import structlog
import torch

from carrel.core.errors import GenerationFailed
from carrel.engine.batching.batch_model import BatchModel
from carrel.engine.batching.self_check import probe
from carrel.engine.batching.sequence_state import SequenceState
from carrel.engine.batching.slot_cache import Segment, SlotCache
from carrel.engine.source import first_line

logger = structlog.get_logger()


class LengthBucket:
    """A batch: row i of ``rows`` is in slot i of the cache.

    The first ``writing`` rows have their prompts computed and get one token per pass; the others
    are prefilled, several short ones or a part of a long one at a time.
    """

    def __init__(self, model: BatchModel, most_rows: int) -> None:
        self._model = model
        self._most_rows = most_rows
        self._cache = SlotCache()
        self._oldest_first = True
        self.rows: list[SequenceState] = []
        self.writing = 0

    @property
    def allocated_tokens(self) -> int:
        """Token capacity of the cache, all slots together."""
        return self._cache.slots * self._cache.capacity

    @property
    def bytes_per_token(self) -> int:
        """Size of one token in the cache; 0 before the first pass."""
        return self._cache.bytes_per_token

    def tokens_with(self, row: SequenceState) -> int:
        """Token capacity of the cache with this row."""
        longest = max(row.most_tokens + 1, self._cache.capacity)
        return max(self._slots_for(len(self.rows) + 1), self._cache.slots) * longest

    def add(self, row: SequenceState, beginning: tuple[Segment, int] | None) -> None:
        """Add a row; the cached part of its prompt is not computed."""
        self._cache.reserve(self._slots_for(len(self.rows) + 1), row.most_tokens + 1, self._used())
        if beginning is not None:
            segment, tokens = beginning
            self._cache.write(len(self.rows), segment, tokens)
            row.cached = tokens
        self.rows.append(row)

    def remove(self, row: SequenceState) -> None:
        """Remove a row; the last ones move into its slot."""
        hole = self.rows.index(row)
        if hole < self.writing:
            self.writing -= 1
            self._fill(hole, self.writing)
            hole = self.writing
        self._fill(hole, len(self.rows) - 1)
        self.rows.pop()
        if not self.rows:
            self._cache = SlotCache()

    def saved(self, row: SequenceState) -> Segment:
        """Return a copy of a row's slot."""
        return self._cache.read(self.rows.index(row), row.cached)

    def read_prompts(self, budget: int) -> tuple[list[SequenceState], torch.Tensor] | None:
        """Compute at most about ``budget`` prompt tokens.

        Returns:
            The rows whose prompts are complete now, and the scores of their next tokens; None if no
            row has an incomplete prompt.
        """
        if self.writing == len(self.rows):
            return None
        group = self._next_prompts(budget)
        for offset, row in enumerate(group):
            self._swap(self.writing + offset, self.rows.index(row))
        # In equal parts: a short last one would read all weights for few tokens.
        longest = max(row.remaining for row in group)
        size = math.ceil(longest / math.ceil(longest / budget))
        parts = [row.tokens[row.cached : row.cached + size] for row in group]
        computed, scores = self._forward(self.writing, group, parts)
        # Several prompts are computed to their ends; a single one may be a part, or have failed.
        if len(group) == 1 and group[0].remaining:
            return [], scores[:0]
        self.writing += len(group)
        return computed, scores

    def write(self) -> tuple[list[SequenceState], torch.Tensor] | None:
        """Compute the last token of every row whose prompt is complete.

        Returns:
            These rows and the scores of their next tokens; None when there are none.
        """
        rows = self.rows[: self.writing]
        if not rows:
            return None
        return self._forward(0, rows, [row.tokens[row.cached :] for row in rows])

    def _forward(
        self, first: int, rows: list[SequenceState], parts: list[list[int]]
    ) -> tuple[list[SequenceState], torch.Tensor]:
        """Return the rows that were computed and their scores; the others end with an error."""
        try:
            return rows, self._computed(first, rows, parts)
        # A forward pass of any model can raise anything, often because of one row.
        except Exception as error:
            if len(rows) == 1:
                self._end(rows[0], error)
                return [], torch.empty(0)
            logger.warning("a pass failed: one by one now", rows=len(rows), exc_info=error)
            return self._one_by_one(first, rows, parts)

    def _one_by_one(
        self, first: int, rows: list[SequenceState], parts: list[list[int]]
    ) -> tuple[list[SequenceState], torch.Tensor]:
        """Compute the rows one by one, so that a row on which the model fails ends alone.

        What the failed pass wrote is beyond the end of each slot and is overwritten.
        """
        computed: list[SequenceState] = []
        scores: list[torch.Tensor] = []
        for offset, (row, part) in enumerate(zip(rows, parts, strict=True)):
            try:
                scores.append(self._computed(first + offset, [row], [part]))
            except Exception as error:  # noqa: BLE001  as above
                self._end(row, error)
            else:
                computed.append(row)
        return computed, torch.cat(scores) if scores else torch.empty(0)

    def _end(self, row: SequenceState, error: Exception) -> None:
        """End a row on which the model failed.

        Raises:
            Exception: what the model raises, if it fails on any row.
        """
        probe(self._model)
        logger.warning("the model failed on one request", exc_info=error)
        row.error = GenerationFailed(f"The model failed on this request: {first_line(error)}.")

    def _computed(
        self, first: int, rows: list[SequenceState], parts: list[list[int]]
    ) -> torch.Tensor:
        scores = self._model.forward(
            self._cache, first, parts, [row.cached for row in rows], [row.adapter for row in rows]
        )
        for row, part in zip(rows, parts, strict=True):
            row.cached += len(part)
        return scores

    def _next_prompts(self, budget: int) -> list[SequenceState]:
        """Choose the next prompts: alternately the oldest one, and the shortest ones together.

        So neither long prompts delay all short ones, nor the reverse.
        """
        unread = self.rows[self.writing :]
        self._oldest_first = not self._oldest_first
        if not self._oldest_first:
            unread.sort(key=lambda row: row.remaining)
        group = [unread[0]]
        longest = unread[0].remaining
        for row in sorted(unread[1:], key=lambda row: row.remaining):
            longest = max(longest, row.remaining)
            if longest * (len(group) + 1) > budget:
                break
            group.append(row)
        return group

    def _swap(self, one: int, other: int) -> None:
        if one != other:
            rows = self.rows
            used = max(rows[one].cached, rows[other].cached)
            if used:
                self._cache.swap(one, other, used)
            rows[one], rows[other] = rows[other], rows[one]

    def _fill(self, hole: int, source: int) -> None:
        if hole != source:
            self.rows[hole] = self.rows[source]
            if self.rows[hole].cached:
                self._cache.move(source, hole, self.rows[hole].cached)

    def _slots_for(self, rows: int) -> int:
        """Double the slots, so that not every new row reallocates the cache."""
        return int(min(self._most_rows, 1 << (rows - 1).bit_length()))

    def _used(self) -> int:
        return max((row.cached for row in self.rows), default=0)
