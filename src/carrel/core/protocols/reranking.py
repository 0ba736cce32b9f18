"""Protocol of rerankers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from carrel.core.documents import RetrievedChunk


class Reranker(Protocol):
    """Scores a few passages against a question."""

    def scores(self, question: str, passages: Sequence[RetrievedChunk]) -> list[float]:
        """Return one score per passage, in order: from 0 to 1, higher is better.

        ``passages`` carry the scores of the search that found them.
        """
        ...
