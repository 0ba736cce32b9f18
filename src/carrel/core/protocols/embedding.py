"""What an embedder with a tokenizer of its own can tell besides its vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable


@runtime_checkable
class EmbedderTokens(Protocol):
    """The tokens that an embedder reads a text in."""

    def longest_text(self) -> int | None:
        """Return the most tokens of a text of which none is lost; None for any number."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the length of each text in tokens, with those that stand around every text."""
        ...

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of token ids.

        Raises:
            InvalidRequest: an id is none of the vocabulary.
        """
        ...


@runtime_checkable
class LoadedEmbedder(Protocol):
    """An embedder that has to be loaded before its first vector."""

    @property
    def name(self) -> str:
        """Identifies the model."""
        ...

    @property
    def is_loaded(self) -> bool:
        """Whether its weights are in memory; it never waits for them."""
        ...
