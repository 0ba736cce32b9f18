"""Protocols of embedders with a tokenizer, with weights to load, with stated languages."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Protocol, runtime_checkable

from carrel.core.protocols.adapters import Embedder


@runtime_checkable
class EmbedderTokens(Protocol):
    """The tokenizer of an embedder."""

    def longest_text(self) -> int | None:
        """Return the maximum length of a text in tokens; None if unlimited."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the length of each text in tokens, special tokens included."""
        ...

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of token ids.

        Raises:
            InvalidRequest: an id is not in the vocabulary.
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


class LanguageEmbedder(Embedder, Protocol):
    """An embedder that states its languages."""

    @property
    def languages(self) -> Set[str]:
        """The languages that it knows, as ISO 639-1."""
        ...
