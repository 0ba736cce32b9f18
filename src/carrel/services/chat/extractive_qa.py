"""Extractive answers: a few words quoted from the documents, and their sentence.

A small model with the right paragraph seldom gives the answer, while the sentence that contains
it is found without the model. So the model only helps to select the words, and the answer is a
verbatim quote.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Literal

from carrel.core.chat import (
    AnswerStyle,
    ChatRequest,
    EngineEvent,
    Finished,
    FinishReason,
    Message,
    ModelInfo,
    Role,
    SamplingParams,
    ScopeMode,
    StageChanged,
    TextDelta,
)
from carrel.core.documents import RetrievedChunk
from carrel.core.protocols.adapters import Embedder, Engine
from carrel.services.chat.abstention import wants_summary
from carrel.services.chat.grounding import compose_sentences
from carrel.services.chat.relevance import find_evidence
from carrel.services.chat.span_selection import Span, candidate_spans, likeliest
from carrel.services.model_size import is_small

READ_CHUNKS = 5
"""Candidate sentences; more cost time to embed and rarely change the choice."""

SENTENCES = 2
CANDIDATES = 40
WRITTEN_TOKENS = 12
"""Tokens that the model writes as a hint; gold answers have three words."""


class ExtractiveQA:
    """Selects sentences, lets the model answer from them, and quotes the matching span."""

    def __init__(
        self, embedder: Embedder, evidence: Literal["auto", "passages", "sentences"]
    ) -> None:
        """``evidence`` is the setting of that name."""
        self._embedder = embedder
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
        self,
        engine: Engine,
        request: ChatRequest,
        question: str,
        chunks: Sequence[RetrievedChunk],
    ) -> AsyncGenerator[EngineEvent]:
        """Yield the events of an answer as ``Engine.generate`` does, the quote as one delta.

        ``max_new_tokens`` limits the model, not the quote. If the chunks have no words to quote,
        the text is the model's own.
        """
        evidence = await asyncio.to_thread(
            find_evidence, question, chunks[:READ_CHUNKS], self._embedder, SENTENCES
        )
        # The best sentence alone: words of the second, shown with that one, contain the answer
        # less often (79 % of XQuAD's questions instead of 82 %).
        spans = candidate_spans(question, evidence[:1], CANDIDATES)
        prompt = compose_sentences(question, [each.passage.text for each in evidence])
        limit = min(request.sampling.max_new_tokens, WRITTEN_TOKENS)
        sampling = replace(request.sampling, max_new_tokens=limit)
        written: list[str] = []
        async with aclosing(engine.generate(prompt, sampling, request.caller)) as events:
            async for event in events:
                if isinstance(event, StageChanged):
                    yield event
                elif isinstance(event, TextDelta):
                    written.append(event.text)
                elif isinstance(event, Finished):
                    assert request.scope is not None
                    text = "".join(written)
                    best = likeliest(spans, text)
                    yield TextDelta(_rendered(best, request.scope.style) if best else text)
                    yield _finished(event)


def _shapes_text(sampling: SamplingParams) -> bool:
    return bool(
        sampling.stop
        or sampling.min_new_tokens
        or sampling.response_format is not None
        or sampling.top_logprobs is not None
        or sampling.tools is not None
    )


def _rendered(span: Span, style: AnswerStyle) -> str:
    if style is AnswerStyle.SHORT:
        return span.text
    return f'{span.text}\n\n"{span.passage.text}" [{span.passage.source}]'


def _finished(event: Finished) -> Finished:
    """Return the end of the answer: a truncated hint does not truncate the quote."""
    if event.reason is FinishReason.LENGTH:
        return replace(event, reason=FinishReason.STOP)
    return event
