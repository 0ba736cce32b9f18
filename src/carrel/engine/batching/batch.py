"""What the worker thread needs of a batch, whichever library computes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch

from carrel.core.errors import CarrelError
from carrel.engine.batching.sequence_state import SequenceState


class Batch(Protocol):
    """Rows that are computed together. Used in one thread; a row may be given up by anyone."""

    @property
    def rows(self) -> list[SequenceState]:
        """The rows that are being computed."""
        ...

    @property
    def allocated_tokens(self) -> int:
        """Tokens for which there is room at present, kept beginnings included."""
        ...

    @property
    def kept_tokens(self) -> int:
        """Tokens of finished sequences that are kept for prompts that begin with them."""
        ...

    def has_room(self, row: SequenceState) -> bool:
        """Whether a row can join now. An empty batch has room for any."""
        ...

    def take_in(self, row: SequenceState) -> None:
        """Let a row join; there must be room for it."""
        ...

    def step(self) -> bool:
        """Compute one token of every answer, and a part of the prompts; whether there was work."""
        ...

    def drop_adapter(self, name: str, error: CarrelError) -> None:
        """End the rows that an adapter computes, and forget what it computed before."""
        ...


def advance(rows: Sequence[SequenceState], scores: torch.Tensor) -> None:
    """Let each row choose its next token by its scores, [rows, vocabulary]."""
    for row, own, likeliest in zip(rows, scores, scores.argmax(-1).tolist(), strict=True):
        row.take(own, likeliest)
