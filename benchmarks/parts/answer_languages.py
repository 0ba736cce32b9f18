"""Passages and abstention where documents, or documents and questions, are in other languages.

Part of ``answers.py``: files of XQuAD in several languages hold the same articles and questions, in
the same order.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import numpy as np

from carrel.core.documents import RetrievedChunk

LEAST_EVIDENCE_STEPS = 3
"""Decimals of the bounds that are tried."""

HEAD = (
    "documents",
    "questions",
    "hit@1",
    "hit@5",
    "a question",
    "abstention of the product",
    "of passages alone at the best bound",
)


class Asked(Protocol):
    """A question with a known answer."""

    text: str
    document: str

    def is_answered_by(self, found: RetrievedChunk) -> bool:
        """Whether a passage has the answer."""
        ...


Suffices = Callable[[str, Sequence[RetrievedChunk]], Awaitable[bool]]
"""Whether passages are evidence of an answer to a text."""

Search = Callable[[str, str | None], Awaitable[list[RetrievedChunk]]]
"""Returns the passages for a text; of all documents, or of those without this name."""


async def cells(
    questions: Sequence[Asked], texts: Sequence[str], search: Search, suffices: Suffices
) -> list[str]:
    """Ask ``texts`` for the answers of ``questions``; return the cells of a row.

    Abstention is tried with every second question.
    """
    ranks, there, away, kept, declined = [], [], [], [], []
    started = time.process_time()
    for asked, text in zip(questions, texts, strict=True):
        found = await search(text, None)
        hits = (rank for rank, each in enumerate(found) if asked.is_answered_by(each))
        ranks.append(next(hits, len(found)))
        there.append(max(each.evidence for each in found))
        kept.append(await suffices(text, found))
    seconds = (time.process_time() - started) / len(texts)
    for asked, text in list(zip(questions, texts, strict=True))[::2]:
        found = await search(text, asked.document)
        away.append(max(each.evidence for each in found))
        declined.append(not await suffices(text, found))
    present, absent = np.array(there), np.array(away)

    def accuracy(least: float) -> float:
        return float(((present >= least).mean() + (absent < least).mean()) / 2)

    bounds = np.unique(np.round(np.concatenate([present, absent]), LEAST_EVIDENCE_STEPS))
    best = float(max(bounds, key=accuracy))
    return [
        f"{np.mean([rank < 1 for rank in ranks]):.3f}",
        f"{np.mean([rank < 5 for rank in ranks]):.3f}",
        f"{1000 * seconds:.0f} ms",
        f"{(np.mean(kept) + np.mean(declined)) / 2:.3f}",
        f"{accuracy(best):.3f} ({best:.3f})",
    ]
