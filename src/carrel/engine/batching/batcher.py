"""Scheduler of a batch; runs in one thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from carrel.core.errors import CarrelError
from carrel.engine.batching.batch import advance
from carrel.engine.batching.batch_model import BatchModel
from carrel.engine.batching.length_bucket import LengthBucket
from carrel.engine.batching.prefix_cache import PrefixCache
from carrel.engine.batching.sequence_state import SequenceState
from carrel.engine.batching.slot_cache import GROWTH

SHORTEST_LANE = 1024
LANE_STEP = 4
"""Rows share a bucket up to 1024 tokens, up to 4096, and so on: in one bucket every row costs what
its longest one does, but each bucket reads all weights once per token."""

PREFIX_SHARE = 4
"""At most a quarter of the cache's memory keeps prefixes of finished sequences."""


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """Limits of a batch.

    ``cache_tokens`` bounds the keys and values of all sequences together, ``prompt_tokens`` the
    prompt tokens between two tokens of the running answers.
    """

    rows: int
    cache_tokens: int
    prompt_tokens: int = 256

    @property
    def lane_tokens(self) -> int:
        """The part of the cache for running sequences."""
        return self.cache_tokens - self.cache_tokens // PREFIX_SHARE


class Batcher:
    """Continuous batching: rows join and leave between any two passes; see ``Batch``.

    ``advanced`` is called after every pass in which rows got a token.
    """

    def __init__(
        self, model: BatchModel, limits: BatchLimits, advanced: Callable[[], None]
    ) -> None:
        self._model = model
        self._limits = limits
        self._buckets: dict[object, LengthBucket] = {}
        self._advanced = advanced
        self._prefixes = PrefixCache(limits.cache_tokens - limits.lane_tokens)

    @property
    def rows(self) -> list[SequenceState]:
        """The rows that are being computed."""
        return [row for bucket in self._buckets.values() for row in bucket.rows]

    @property
    def allocated_tokens(self) -> int:
        """Token capacity at present, cached prefixes included."""
        return self.kept_tokens + sum(bucket.allocated_tokens for bucket in self._buckets.values())

    @property
    def kept_tokens(self) -> int:
        """Tokens of finished sequences that are cached as prefixes."""
        return self._prefixes.tokens

    def step(self) -> bool:
        """Compute one token per answer and a part of the prompts; false if there was no work."""
        with torch.inference_mode():
            for bucket in self._buckets.values():
                self._drop_finished(bucket)
                self._advance(bucket.read_prompts(self._limits.prompt_tokens))
                self._drop_finished(bucket)
                self._advance(bucket.write())
                self._drop_finished(bucket)
        self._buckets = {key: bucket for key, bucket in self._buckets.items() if bucket.rows}
        return bool(self._buckets)

    def _advance(self, computed: tuple[list[SequenceState], torch.Tensor] | None) -> None:
        if computed is not None and computed[0]:
            advance(*computed)
            self._advanced()

    def _drop_finished(self, bucket: LengthBucket) -> None:
        for row in [row for row in bucket.rows if row.over]:
            if not (row.alone or row.error) and self._prefixes.would_keep(row.cached):
                self._prefixes.keep(row.tokens[: row.cached], row.adapter, bucket.saved(row))
            bucket.remove(row)
            row.ended(row.error)

    def drop_adapter(self, name: str, error: CarrelError) -> None:
        """End the rows of an adapter, and drop what was computed with it."""
        for row in self.rows:
            if row.adapter == name:
                row.error = error
        for bucket in self._buckets.values():
            self._drop_finished(bucket)
        self._prefixes.forget(name)

    def take_in(self, row: SequenceState) -> None:
        """Add a row; it must fit."""
        key = self._bucket_of(row)
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = LengthBucket(
                self._model, 1 if row.alone else self._limits.rows
            )
        beginning = None if row.alone else self._prefixes.find(row.tokens, row.adapter)
        with torch.inference_mode():
            bucket.add(row, beginning)
        row.answer.start()

    def fits(self, row: SequenceState) -> bool:
        """Whether a row can join now. Always true for an empty batch."""
        running = len(self.rows)
        if running >= self._limits.rows:
            return False
        bucket = self._buckets.get(self._bucket_of(row))
        others = sum(each.allocated_tokens for each in self._buckets.values() if each is not bucket)
        own = bucket.tokens_with(row) if bucket is not None else _rounded(row.most_tokens + 1)
        return not running or others + own <= self._limits.lane_tokens

    @staticmethod
    def _bucket_of(row: SequenceState) -> object:
        if row.alone:
            return id(row)
        length = SHORTEST_LANE
        while length < row.most_tokens:
            length *= LANE_STEP
        return f"up to {length}"


def _rounded(tokens: int) -> int:
    return -(-tokens // GROWTH) * GROWTH
