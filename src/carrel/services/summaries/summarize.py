"""Summaries of documents of any length, and extractions."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Literal

from carrel.core.chat import Message, ModelInfo, Role, SamplingParams
from carrel.core.errors import UnsupportedParameter
from carrel.core.models import EnginePool
from carrel.core.protocols.adapters import Embedder, Engine
from carrel.core.request_limits import require_short_query
from carrel.core.summaries import (
    ExtractionEvent,
    SummarizationRequest,
    SummarizationStyle,
    SummaryEvent,
)
from carrel.services.model_size import is_small
from carrel.services.summaries.chosen_documents import ChosenDocuments
from carrel.services.summaries.document_parts import Count
from carrel.services.summaries.extractive_summary import ExtractiveSummary
from carrel.services.summaries.map_reduce_extraction import map_reduce_extraction
from carrel.services.summaries.map_reduce_summary import WritingPlan, map_reduce_summary
from carrel.services.summaries.parallel_texts import Writer
from carrel.settings.schema import Settings


@dataclass(frozen=True, slots=True)
class SummarizationPolicy:
    """Settings of summaries; ``sampling`` is the default of a request.

    ``part_tokens`` limits one prompt's text, None for the context's limit; ``parallel`` is the
    number of concurrent prompts.
    """

    style: Literal["auto", "written", "excerpts"]
    sampling: SamplingParams
    part_tokens: int | None
    parallel: int

    @classmethod
    def of(cls, settings: Settings) -> SummarizationPolicy:
        """Return the options of the settings."""
        generation, summaries = settings.generation, settings.summaries
        sampling = SamplingParams(
            max_new_tokens=generation.max_new_tokens,
            temperature=generation.temperature,
            top_p=generation.top_p,
            repetition_penalty=generation.repetition_penalty,
        )
        return cls(
            summaries.summary_style,
            sampling,
            summaries.summary_part_tokens,
            summaries.summary_parallel_parts,
        )


class SummarizationService:
    """Summarises documents and extracts facts, with or without the model."""

    def __init__(
        self,
        models: EnginePool,
        documents: ChosenDocuments,
        embedder: Embedder,
        policy: SummarizationPolicy,
    ) -> None:
        self._models = models
        self._documents = documents
        self._embedder = embedder
        self._policy = policy

    async def summarize(self, request: SummarizationRequest) -> AsyncGenerator[SummaryEvent]:
        """Yield progress, the deltas of the final text, and last ``Summarized``.

        Closing the generator stops the model.

        Raises:
            CollectionNotFound, DocumentNotFound, NothingToSearch: there is nothing to read.
            ModelNotFound, ModelNotReady, ModelLoadFailed: the model cannot generate.
            QueryTooLong, PromptTooLong: the focus is too long, or leaves no tokens for the text.
            GenerationFailed, RemoteUnavailable: the model failed.
        """
        require_short_query(request.focus)
        engine = self._models.get(request.model)
        documents = await self._documents.read(request)
        if self._style(engine.info) is SummarizationStyle.WRITTEN:
            events: AsyncGenerator[SummaryEvent] = map_reduce_summary(
                documents, await self._plan(engine, request)
            )
        else:
            events = ExtractiveSummary(
                documents, self._embedder, request.focus.strip(), self._longest(request)
            ).summary()
        async with aclosing(events):
            async for event in events:
                yield event

    async def extract(self, request: SummarizationRequest) -> AsyncGenerator[ExtractionEvent]:
        """Yield progress and last ``Extracted``; the focus says what to extract.

        If an engine cannot enforce JSON, ``auto`` takes excerpts. Closing the generator stops the
        model.

        Raises:
            UnsupportedParameter: the style is ``written``, and the engine cannot enforce JSON.
            The others: as ``summarize``.
        """
        require_short_query(request.focus)
        engine = self._models.get(request.model)
        documents = await self._documents.read(request)
        if self._style(engine.info) is SummarizationStyle.WRITTEN:
            try:
                plan = await self._plan(engine, request)
                async with aclosing(map_reduce_extraction(documents, plan)) as events:
                    async for event in events:
                        yield event
                return
            except UnsupportedParameter:
                # Raised before the first event.
                if self._policy.style != "auto":
                    raise
        summary = ExtractiveSummary(
            documents, self._embedder, request.focus.strip(), self._longest(request)
        )
        async with aclosing(summary.extraction()) as excerpts:
            async for event in excerpts:
                yield event

    def _style(self, info: ModelInfo) -> SummarizationStyle:
        if self._policy.style == "auto":
            return SummarizationStyle.EXCERPTS if is_small(info) else SummarizationStyle.WRITTEN
        return SummarizationStyle(self._policy.style)

    def _longest(self, request: SummarizationRequest) -> int:
        return request.max_tokens or self._policy.sampling.max_new_tokens

    async def _plan(self, engine: Engine, request: SummarizationRequest) -> WritingPlan:
        sampling = replace(self._policy.sampling, max_new_tokens=self._longest(request))
        return WritingPlan(
            Writer(engine, self._policy.parallel, request.caller),
            sampling,
            await _counting(engine),
            request.focus.strip(),
            self._policy.part_tokens,
        )


async def _counting(engine: Engine) -> Count:
    """Return a counter for the tokens of a piece of a prompt, including its line break."""
    around = await engine.count_tokens([Message(Role.USER, "")])

    async def count(text: str) -> int:
        # Two more: the line break, and a token that may be split where pieces meet.
        return max(1, await engine.count_tokens([Message(Role.USER, text)]) - around) + 2

    return count
