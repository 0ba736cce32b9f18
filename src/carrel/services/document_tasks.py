"""Document tasks (summary, extraction, search) as turns of a chat, with citations."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

from carrel.core.access import Principal
from carrel.core.chat import (
    Abstained,
    ChatEvent,
    Finished,
    FinishReason,
    PassagesFound,
    Scope,
    SourcesCited,
    Stage,
    StageChanged,
    TextDelta,
    Usage,
)
from carrel.core.document_tasks import Action, DocumentTask, TaskRequest
from carrel.core.documents import RetrievedChunk
from carrel.core.request_limits import LONGEST_QUERY
from carrel.core.summaries import (
    Extracted,
    ExtractedItem,
    SummarizationProgress,
    SummarizationRequest,
    Summarized,
)
from carrel.services.citations.attribution import cite_answer
from carrel.services.citations.citing import cite
from carrel.services.retrieval.retrieval import RetrievalService
from carrel.services.summaries.summarize import SummarizationService
from carrel.services.text.sentences import sentences

MOST_FOUND = 10
"""Number of passages of a search."""

BESIDE = 3
"""Candidate passages for the citation of a sentence."""

MOST_LOOKED_UP = 60
"""Maximum sentences to attribute; an extraction has no more items than that."""

NOTHING_FOUND = "The documents say nothing about it."

TaskEvent = ChatEvent | SummarizationProgress | Summarized | Extracted


class DocumentTaskService:
    """Runs document tasks and cites each sentence of the result."""

    def __init__(self, summaries: SummarizationService, retrieval: RetrievalService) -> None:
        self._summaries = summaries
        self._retrieval = retrieval

    async def run(self, request: TaskRequest) -> AsyncGenerator[TaskEvent]:
        """Yield progress, the events of an answer, and, before the last, the result of a summary.

        Closing the generator stops the model.

        ``Finished`` names no model if none was used.

        Raises:
            InvalidRequest: the query of a search is empty.
            QueryTooLong: it is too long.
            The others: as ``SummarizationService.summarize`` and ``RetrievalService.search``.
        """
        started = time.monotonic()
        yield StageChanged(Stage.READING_DOCUMENTS)
        run = {
            Action.SUMMARIZE: self._summary,
            Action.EXTRACT: self._extraction,
            Action.SEARCH: self._search,
        }[request.task.action]
        async with aclosing(run(request)) as events:
            async for event in events:
                if isinstance(event, Finished):
                    seconds = time.monotonic() - started
                    event = replace(event, usage=replace(event.usage, seconds=seconds))
                yield event

    async def _search(self, request: TaskRequest) -> AsyncGenerator[TaskEvent]:
        scope = replace(_scope(request.task), top_k=MOST_FOUND)
        found = await self._retrieval.search(request.task.focus, scope, request.principal)
        yield PassagesFound(tuple(found))
        if not found:
            yield Abstained()
            yield TextDelta(NOTHING_FOUND)
        yield SourcesCited(tuple(await asyncio.to_thread(cite, request.task.focus, "", found)))
        yield Finished(FinishReason.STOP, Usage(0, 0), "")

    async def _summary(self, request: TaskRequest) -> AsyncGenerator[TaskEvent]:
        streamed = ""
        async with aclosing(self._summaries.summarize(_summary(request))) as events:
            async for event in events:
                if isinstance(event, SummarizationProgress):
                    yield event
                elif isinstance(event, TextDelta):
                    if not streamed:
                        yield StageChanged(Stage.WRITING)
                    streamed += event.text
                    yield event
                else:
                    done = event
        # Excerpts come whole. Streamed text is left unchanged: its ends may be white space.
        if not streamed:
            streamed = done.text or NOTHING_FOUND
            yield StageChanged(Stage.WRITING)
            yield TextDelta(streamed)
        scope = replace(_scope(request.task), top_k=BESIDE)
        wanted = [(each, scope) for each in sentences(streamed)]
        yield await self._cited(streamed, wanted, request.principal)
        yield done
        yield _finished(done)

    async def _extraction(self, request: TaskRequest) -> AsyncGenerator[TaskEvent]:
        async with aclosing(self._summaries.extract(_summary(request))) as events:
            async for event in events:
                if isinstance(event, SummarizationProgress):
                    yield event
                else:
                    done = event
        yield StageChanged(Stage.WRITING)
        if not done.items:
            yield Abstained()
        text = "\n".join(map(_line, done.items)) or NOTHING_FOUND
        yield TextDelta(text)
        scope = replace(_scope(request.task), top_k=BESIDE)
        wanted = [
            (each.quote, replace(scope, document_ids=(each.document_id,))) for each in done.items
        ]
        yield await self._cited(text, wanted, request.principal)
        yield done
        yield _finished(done)

    async def _cited(
        self, text: str, wanted: Sequence[tuple[str, Scope]], principal: Principal
    ) -> SourcesCited:
        """Return the passages that support a text; each sentence is searched for in its scope.

        If none supports it, the nearest passages are returned.
        """
        found: dict[tuple[str, str], RetrievedChunk] = {}
        for words, scope in wanted[:MOST_LOOKED_UP]:
            query = words[:LONGEST_QUERY]
            for each in await self._retrieval.search(query, scope, principal):
                found.setdefault((each.chunk.document_id, each.chunk.text), each)
        passages = list(found.values())
        cited = await asyncio.to_thread(cite_answer, "", text, passages)
        used = [
            passage for passage, source in zip(passages, cited.sources, strict=True) if source.used
        ]
        # Once more, so that the sources are numbered without gaps.
        return await asyncio.to_thread(cite_answer, "", text, used or passages[:BESIDE])


def _scope(task: DocumentTask) -> Scope:
    return Scope(task.collections, task.document_ids)


def _summary(request: TaskRequest) -> SummarizationRequest:
    task = request.task
    return SummarizationRequest(
        task.collections,
        request.principal,
        task.document_ids,
        task.focus,
        request.model,
        request.max_tokens,
        request.caller,
    )


def _line(item: ExtractedItem) -> str:
    """Return a list item, followed by its quote if that is worded differently."""
    quote = " ".join(item.quote.split())
    text = " ".join(item.text.split())
    return f"- {text}" if text == quote else f"- {text} “{quote}”"


def _finished(done: Summarized | Extracted) -> Finished:
    cut = isinstance(done, Summarized) and done.cut
    reason = FinishReason.LENGTH if cut else FinishReason.STOP
    return Finished(reason, Usage(0, 0), done.model or "")
