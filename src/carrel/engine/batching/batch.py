"""Protocol of a batch, independent of the library that computes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch

from carrel.core.errors import CarrelError
from carrel.engine.batching.sequence_state import SequenceState


class Batch(Protocol):
    """Rows that are computed together. Used in one thread; a row may be cancelled from any."""

    @property
    def rows(self) -> list[SequenceState]:
        """The rows that are being computed."""
        ...

    @property
    def allocated_tokens(self) -> int:
        """Token capacity at present, cached prefixes included."""
        ...

    @property
    def kept_tokens(self) -> int:
        """Tokens of finished sequences that are cached as prefixes."""
        ...

    def fits(self, row: SequenceState) -> bool:
        """Whether a row can join now. Always true for an empty batch."""
        ...

    def take_in(self, row: SequenceState) -> None:
        """Add a row; it must fit."""
        ...

    def step(self) -> bool:
        """Compute one token per answer and a part of the prompts; false if there was no work."""
        ...

    def drop_adapter(self, name: str, error: CarrelError) -> None:
        """End the rows of an adapter, and drop what was computed with it."""
        ...


def advance(rows: Sequence[SequenceState], scores: torch.Tensor) -> None:
    """Let each row choose its next token from its scores, [rows, vocabulary]."""
    for row, own, likeliest in zip(rows, scores, scores.argmax(-1).tolist(), strict=True):
        row.take(own, likeliest)
