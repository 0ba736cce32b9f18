"""Abstention: recognising questions that the documents do not answer. Pure functions.

Measured by ``benchmarks/answers.py`` (``benchmarks/results/answers.md``): every question of XQuAD,
asked of a collection with its article and of one without it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from carrel.core.chat import ChatRequest
from carrel.core.documents import RetrievedChunk
from carrel.settings.document_settings import BUNDLED

NOT_IN_DOCUMENTS = "The documents do not contain the answer. The passages nearest to it are listed."
OWN_KNOWLEDGE = "The documents do not contain the answer. From the model's own knowledge:\n\n"

LEAST_EVIDENCE = {BUNDLED: 0.36}
"""The relevance below which a question counts as unanswered, by embedder: cosines of two embedders
are not comparable. ``benchmarks/answers.py --embedder=NAME`` measures that of another one."""

_SUMMARY = re.compile(
    r"\b(summar\w*|overview|gist|tl;?dr|outline)\b"
    r"|\b(main|key) (points?|ideas?|topics?|facts?|findings?|takeaways?)\b"
    r"|\bwhat (is|are) (this|these|the|it|they)\b.{0,40}\babout\b",
    re.I,
)
_THE_DOCUMENTS = re.compile(
    r"\b(this|these|the|my|your) ([\w-]+ )?"
    r"(documents?|files?|texts?|papers?|reports?|articles?|books?|pages?|collections?|sources?)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Abstention:
    """Decides whether search results suffice to answer.

    ``min_relevance`` is the threshold, from 0 (always suffices) to 1.
    """

    min_relevance: float = 0.0

    @classmethod
    def of(cls, embedder: str, setting: float | None) -> Abstention:
        """Return the threshold of the setting, or else the embedder's own, if known."""
        return cls(LEAST_EVIDENCE.get(embedder, 0.0) if setting is None else setting)

    def is_due(self, request: ChatRequest, found: Sequence[RetrievedChunk]) -> bool:
        """Whether the passages do not answer the question about their content."""
        return self.concerns(request, found) and not self.suffices(found)

    def suffices(self, found: Sequence[RetrievedChunk]) -> bool:
        """Whether the best passage is near enough to the question."""
        return max((each.evidence for each in found), default=0.0) >= self.min_relevance

    def concerns(self, request: ChatRequest, found: Sequence[RetrievedChunk]) -> bool:
        """Whether a request may be declined.

        Questions about the documents as such, or about a file by its name, are always answered, and
        so are requests for JSON.
        """
        question = request.messages[-1].content
        if any(each.document_name in question for each in found):
            return False
        return request.sampling.response_format is None and not speaks_of_documents(question)


def wants_summary(question: str) -> bool:
    """Whether a request asks for a summary rather than one fact (English only)."""
    return bool(_SUMMARY.search(question))


def speaks_of_documents(question: str) -> bool:
    """Whether a question is about the documents themselves (English only)."""
    return wants_summary(question) or bool(_THE_DOCUMENTS.search(question))
