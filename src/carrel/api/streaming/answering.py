"""Converts events of the chat service to OpenAI's replies, complete or in chunks."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from carrel.api.metrics import Metrics
from carrel.core.chat import (
    Abstained,
    AnswerScored,
    ChatEvent,
    ChatRequest,
    Finished,
    PassagesFound,
    QueryRewritten,
    SentenceChecked,
    SourcesCited,
    TextDelta,
    TokenLogprob,
    Usage,
)
from carrel.core.function_tools import ToolCall, ToolsCalled
from carrel.schemas.completions import (
    FINISH,
    AnswerMessage,
    ChoiceBody,
    ChunkBody,
    ChunkChoice,
    CompletionBody,
    DeltaBody,
    UsageBody,
)
from carrel.schemas.function_tools import ToolCallBody, ToolCallDelta
from carrel.schemas.logprobs import LogprobsBody
from carrel.schemas.sources import SentenceBody, SourceBody
from carrel.services.chat.chat import ChatService


@dataclass(slots=True)
class Answering:
    """One answer. Exactly one of ``whole`` and ``chunks`` is used, once.

    ``index`` numbers the answers to one request, from 0.
    """

    service: ChatService
    asked: ChatRequest
    metrics: Metrics
    model: str
    index: int = 0
    id: str = field(default_factory=lambda: f"chatcmpl-{uuid.uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))
    _cited: SourcesCited | None = None
    _checked: list[SentenceBody] = field(default_factory=list)
    _whole_documents: bool | None = None
    _search_query: str | None = None
    _abstained: bool | None = None
    _scored: AnswerScored | None = None
    _calls: tuple[ToolCall, ...] = ()
    _finished: Finished | None = None

    async def whole(self) -> CompletionBody:
        """Return the answer when it is finished.

        Raises:
            CarrelError: whatever the chat service raises.
        """
        async with aclosing(self._deltas()) as deltas:
            read = [each async for each in deltas]
        text = "".join(each.text for each in read)
        tokens = [token for each in read for token in each.logprobs]
        finished = self._end()
        return CompletionBody(
            id=self.id,
            created=self.created,
            model=finished.model,
            choices=[
                ChoiceBody(
                    index=self.index,
                    message=AnswerMessage(
                        content=text or None if self._calls else text,
                        tool_calls=[ToolCallBody.of(each) for each in self._calls] or None,
                    ),
                    finish_reason=FINISH[finished.reason],
                    logprobs=self._logprobs(tokens),
                )
            ],
            usage=UsageBody.of(finished.usage),
            **self._extensions(finished),
        )

    async def chunks(self) -> AsyncGenerator[ChunkBody]:
        """Yield the chunks of a stream, the first one when there is text or the answer is empty.

        The last one has the finish reason and the extensions.

        Raises:
            CarrelError: whatever the chat service raises, also after the first chunk.
        """
        started = False
        async with aclosing(self._deltas()) as deltas:
            async for each in deltas:
                if not started:
                    started = True
                    yield self._chunk(DeltaBody(role="assistant", content=""))
                checked, self._checked = self._checked, []
                yield self._chunk(DeltaBody(content=each.text), each.logprobs, checked)
        if not started:
            yield self._chunk(DeltaBody(role="assistant", content=""))
        if self._calls:
            called = [ToolCallDelta.of(place, each) for place, each in enumerate(self._calls)]
            yield self._chunk(DeltaBody(tool_calls=called))
        finished = self._end()
        last = ChunkChoice(
            index=self.index, delta=DeltaBody(), finish_reason=FINISH[finished.reason]
        )
        yield self._of([last], **self._extensions(finished))

    @property
    def usage(self) -> Usage:
        """The usage of a finished answer."""
        return self._end().usage

    async def _deltas(self) -> AsyncGenerator[TextDelta]:
        """Yield the text deltas, store the other events, and count the outcome."""
        outcome = "failed"
        try:
            with self.metrics.answering.track_inprogress():
                async with aclosing(self.service.answer(self.asked)) as events:
                    async for each in events:
                        if isinstance(each, TextDelta):
                            yield each
                        else:
                            self._keep(each)
            outcome = "finished"
        except (GeneratorExit, asyncio.CancelledError):
            outcome = "stopped"
            raise
        finally:
            self.metrics.answers.labels(outcome).inc()

    def _keep(self, each: ChatEvent) -> None:
        if isinstance(each, SourcesCited):
            self._cited = each
        elif isinstance(each, SentenceChecked):
            self._checked.append(SentenceBody.of(each.sentence))
        elif isinstance(each, PassagesFound):
            self._whole_documents = each.whole
        elif isinstance(each, Abstained):
            self._abstained = True
        elif isinstance(each, ToolsCalled):
            self._calls = each.calls
        elif isinstance(each, QueryRewritten):
            self._search_query = each.query
        elif isinstance(each, AnswerScored):
            self._scored = each
            self.metrics.scored.inc()
        elif isinstance(each, Finished):
            self._finished = each
            self.metrics.count_usage(each.usage)

    def _end(self) -> Finished:
        assert self._finished is not None, "an answer that does not fail ends with Finished"
        return self._finished

    def _extensions(self, finished: Finished) -> dict[str, Any]:
        cited = self._cited
        scored = self._scored
        return {
            "sources": cited and [SourceBody.of(each) for each in cited.sources],
            "answer_sentences": cited and [SentenceBody.of(each) for each in cited.sentences],
            "whole_documents": self._whole_documents,
            "search_query": self._search_query,
            "abstained": self._abstained,
            "score": scored.score if scored else None,
            "score_model": scored.model if scored else None,
            "dropped_turns": finished.dropped_turns,
        }

    def _logprobs(self, tokens: Sequence[TokenLogprob]) -> LogprobsBody | None:
        wanted = self.asked.sampling.top_logprobs is not None
        return LogprobsBody.of(tokens) if wanted else None

    def _chunk(
        self,
        delta: DeltaBody,
        tokens: Sequence[TokenLogprob] = (),
        checked: Sequence[SentenceBody] = (),
    ) -> ChunkBody:
        logprobs = self._logprobs(tokens) if tokens else None
        choices = [ChunkChoice(index=self.index, delta=delta, logprobs=logprobs)]
        return self._of(choices, answer_sentences=list(checked) or None)

    def _of(self, choices: list[ChunkChoice], **fields: Any) -> ChunkBody:
        return ChunkBody(
            id=self.id, created=self.created, model=self.model, choices=choices, **fields
        )
