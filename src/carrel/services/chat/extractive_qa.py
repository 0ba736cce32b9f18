"""Extractive answers: the sentence or table row that answers, quoted from the documents.

A small model with the right paragraph seldom gives the answer, while the sentence that contains
it is found without the model. So nothing is generated: the answer is a verbatim quote, behind the
few words of it that answer, where these are certain.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import Literal

from carrel.core.chat import (
    AnswerStyle,
    ChatRequest,
    Message,
    ModelInfo,
    Role,
    SamplingParams,
    ScopeMode,
)
from carrel.core.documents import RetrievedChunk
from carrel.core.protocols.adapters import Embedder
from carrel.core.protocols.embedding import LanguageEmbedder
from carrel.services.chat.abstention import wants_summary
from carrel.services.chat.relevance import Passage, find_evidence, passages_of
from carrel.services.chat.span_selection import certain_span
from carrel.services.model_size import is_small
from carrel.services.retrieval.named_files import names_said
from carrel.services.tables.cell_selection import answering_cell
from carrel.services.tables.row_text import rows_of
from carrel.services.text.languages import ENGLISH, language_of
from carrel.services.text.words import words

_CONTENTS = re.compile(
    r"\bwhat(?:'s| is) (?:in|inside)\b|\bwhat(?:'s| is) .+ about\b"
    r"|\bwhat does .+ (?:say|contain)\b|\bwas steht in\b|\bworum geht es in\b|\bque contient\b"
    r"|\bde quoi parle\b|\bqué contiene\b|\bde qué trata\b|里有什么|讲了什么|写了什么",
    re.IGNORECASE,
)
"""Asks for what is in a file as such."""

BEGINNING = 3
"""Sentences that say what is in a file."""

READ_CHUNKS = 5
"""Chunks whose sentences are compared; more cost time to embed and rarely change the choice."""


class ExtractiveQA:
    """Selects the sentence or table row that answers, and the words or the cell to show first."""

    def __init__(
        self,
        embedder: Embedder,
        evidence: Literal["auto", "passages", "sentences"],
        multilingual: LanguageEmbedder | None = None,
    ) -> None:
        """``evidence`` is the setting of that name.

        ``multilingual`` compares sentences where the question or a chunk is in another language
        than English that it knows.
        """
        self._embedder = embedder
        self._multilingual = multilingual
        self._evidence = evidence

    def suits(self, request: ChatRequest, messages: Sequence[Message], info: ModelInfo) -> bool:
        """Whether a request is answered this way.

        Not if it needs something that a quote cannot provide: a system message, the model's own
        knowledge, JSON, log-probabilities, a minimum length, stop strings, or a summary.
        """
        scope, sampling = request.scope, request.sampling
        if scope is None or scope.mode is not ScopeMode.QUERY:
            return False
        if wants_summary(request.messages[-1].content):
            return False
        if any(message.role is Role.SYSTEM for message in messages) or _shapes_text(sampling):
            return False
        if self._evidence == "auto":
            return is_small(info)
        return self._evidence == "sentences"

    async def answer(
        self, question: str, chunks: Sequence[RetrievedChunk], style: AnswerStyle
    ) -> str | None:
        """Return the answer; None if the chunks have no words to quote."""
        return await asyncio.to_thread(self._answer, question, chunks[:READ_CHUNKS], style)

    def _answer(
        self, question: str, chunks: Sequence[RetrievedChunk], style: AnswerStyle
    ) -> str | None:
        if _CONTENTS.search(question) and names_said(question, {chunks[0].document_name}):
            return _beginning(chunks, style)
        embedder = self._embedder_for(question, chunks)
        evidence = find_evidence(question, chunks, embedder, 1)
        if not evidence:
            return None
        passage = evidence[0].passage
        if passage.row is None:
            return rendered(certain_span(question, passage.text), [passage], style)
        return rendered(_cell_text(question, passage, chunks[passage.source - 1]), [passage], style)

    def _embedder_for(self, question: str, chunks: Sequence[RetrievedChunk]) -> Embedder:
        if self._multilingual is None:
            return self._embedder
        foreign = self._multilingual.languages - {ENGLISH}
        texts = [question, *(each.chunk.text for each in chunks)]
        is_foreign = any(language_of(each) in foreign for each in texts)
        return self._multilingual if is_foreign else self._embedder


def _beginning(chunks: Sequence[RetrievedChunk], style: AnswerStyle) -> str | None:
    """Return the first sentences of the chunks of one file, in the order of the file."""
    passages = [each for each in passages_of(chunks) if words(each.text)]
    places = [each.chunk.ordinal for each in chunks]
    passages.sort(key=lambda each: (places[each.source - 1], each.start))
    return rendered(None, passages[:BEGINNING], style) if passages else None


def rendered(words: str | None, passages: Sequence[Passage], style: AnswerStyle) -> str:
    """Return an answer: its few words, if they are certain, before the passages they are from."""
    if style is AnswerStyle.SHORT:
        return words or passages[0].text
    quotes = (f'"{each.text}" [{each.source}]' for each in passages)
    return "\n\n".join([words, *quotes] if words else quotes)


def _cell_text(question: str, passage: Passage, source: RetrievedChunk) -> str | None:
    """Return the text of the cell of a row that answers the question, if one certainly does."""
    assert passage.row is not None
    around = f"{source.document_name} {source.chunk.heading or ''}"
    cell = answering_cell(question, passage.row, rows_of(source.chunk.text), around)
    return cell.text if cell is not None else None


def _shapes_text(sampling: SamplingParams) -> bool:
    return bool(
        sampling.stop
        or sampling.min_new_tokens
        or sampling.response_format is not None
        or sampling.top_logprobs is not None
        or sampling.tools is not None
    )
