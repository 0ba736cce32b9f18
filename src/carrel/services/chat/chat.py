"""One turn of a chat: rewrite, retrieve, ground, generate, cite, score."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from carrel.core.chat import (
    Abstained,
    AnswerStyle,
    ChatEvent,
    ChatRequest,
    EngineEvent,
    Finished,
    FinishReason,
    Message,
    PassagesFound,
    QueryRewritten,
    Role,
    SamplingParams,
    ScopeMode,
    SentenceChecked,
    SourcesCited,
    Stage,
    StageChanged,
    TextDelta,
    Usage,
)
from carrel.core.documents import RetrievedChunk
from carrel.core.errors import InvalidRequest, PromptTooLong, UnsupportedParameter
from carrel.core.function_tools import ToolsCalled
from carrel.core.models import EnginePool
from carrel.core.protocols.adapters import Engine
from carrel.core.request_limits import require_few_messages, require_short_query
from carrel.services.chat.abstention import NOT_IN_DOCUMENTS, OWN_KNOWLEDGE, Abstention
from carrel.services.chat.answer_speeds import AnswerSpeeds
from carrel.services.chat.extractive_qa import ExtractiveQA
from carrel.services.chat.grounding import (
    compose,
    drop_oldest_turns,
    pack,
    render_source,
    turn_count,
)
from carrel.services.chat.rewriting import Rewriting
from carrel.services.chat.scoring import AnswerScoring
from carrel.services.chat.whole_documents import WholeDocumentReading, with_scores
from carrel.services.citations.attribution import cite_answer
from carrel.services.citations.citing import cite
from carrel.services.citations.streamed_citations import StreamedCitations
from carrel.services.retrieval.retrieval import RetrievalService

SHORT_TOKENS = 48
"""Maximum answer tokens if a few words are wanted; a request may set less."""

RESERVED_SHARE = 4
"""At most one fourth of the context is reserved for the answer; the engine clamps the rest."""


@dataclass(frozen=True, slots=True)
class ChatPolicy:
    """Settings of the chat service: default system message, and token budget of the sources.

    ``quoted`` gives extractive answers where applicable; None for never.
    """

    system_prompt: str
    source_tokens: int
    rewriting: Rewriting = field(default_factory=Rewriting)
    abstention: Abstention = field(default_factory=Abstention)
    quoted: ExtractiveQA | None = None


@dataclass(frozen=True, slots=True)
class _Prompt:
    """The prompt, and which turns and sources were dropped to fit the context."""

    messages: list[Message]
    chunks: tuple[RetrievedChunk, ...]
    dropped_turns: int


class ChatService:
    """Answers chat requests, with or without documents.

    ``speeds`` has the recent speed of each model.
    """

    def __init__(
        self,
        models: EnginePool,
        retrieval: RetrievalService,
        policy: ChatPolicy,
        scoring: AnswerScoring | None = None,
        whole_documents: WholeDocumentReading | None = None,
    ) -> None:
        self._models = models
        self._retrieval = retrieval
        self._policy = policy
        self._whole_documents = whole_documents
        self._scoring = scoring
        self.speeds = AnswerSpeeds()

    async def answer(self, request: ChatRequest) -> AsyncGenerator[ChatEvent]:
        """Yield the events of one answer; closing the generator stops the model.

        Raises:
            TooManyMessages: there are more than ``MOST_MESSAGES``.
            QueryTooLong: the question has to be searched for, and is too long.
            InvalidRequest: there is no user message at the end, or the sources of the unfinished
                answer are not in the documents.
            ModelNotFound, ModelNotReady, ModelLoadFailed: the model cannot answer.
            CollectionNotFound, DocumentNotFound, NothingToSearch: the scope cannot be searched.
            UnsupportedParameter: tools with documents, or an option that the engine lacks.
            PromptTooLong: the question alone does not fit the context.
            GenerationFailed, RemoteUnavailable: the model failed.
        """
        messages = self._with_system_prompt(_checked(request.messages))
        question = messages[-1].content
        if request.scope is not None:
            require_short_query(question)
        engine = self._models.get(request.model)
        abstains = False
        if request.scope is not None and request.sampling.tools is not None:
            # Document content must not be able to trigger tool calls.
            raise UnsupportedParameter("`tools` cannot be combined with `documents`.")
        if request.scope is None or request.passages:
            prompt = await self._prompt(engine, messages, list(request.passages), request)
        else:
            yield StageChanged(Stage.READING_DOCUMENTS)
            query = await self._policy.rewriting.query(request.messages, engine, request.caller)
            if query != question:
                yield QueryRewritten(query)
                question = query
            found = await self._retrieval.search(question, request.scope, request.principal)
            abstains = _abstains(request, is_due=self._policy.abstention.is_due(request, found))
            if abstains and request.scope.mode is ScopeMode.QUERY:
                for event in _abstained(question, found, engine):
                    yield event
                return
            if abstains:
                request = replace(request, scope=None)
                prompt = await self._prompt(engine, messages, [], request)
                yield Abstained()
            else:
                whole = await self._whole_prompt(engine, messages, request, found)
                prompt = whole or await self._prompt(
                    engine, messages, await self._fitting(engine, found), request
                )
                yield PassagesFound(prompt.chunks, whole is not None)
        yield StageChanged(Stage.WAITING)

        text: list[str] = []
        finished: Finished | None = None
        chunks = request.passages or prompt.chunks
        beginning = _beginning(request)
        cited = StreamedCitations(question, chunks, beginning)
        generated = self._generated(engine, request, question, prompt)
        async with aclosing(generated) as events:
            async for event in events:
                if isinstance(event, StageChanged | ToolsCalled):
                    yield event
                elif isinstance(event, TextDelta):
                    if not text:
                        yield StageChanged(Stage.WRITING)
                        if abstains and request.beginning is None:
                            yield TextDelta(OWN_KNOWLEDGE)
                    text.append(event.text)
                    yield event
                    for sentence in cited.push(event.text) if chunks else ():
                        yield SentenceChecked(sentence)
                else:
                    finished = event
        assert finished is not None, "an engine that does not fail ends with Finished"
        self.speeds.add(finished)
        # The engine is released by now: the next request does not wait for this one's score.
        answer = beginning + "".join(text)
        if request.scope is not None:
            yield await asyncio.to_thread(cite_answer, question, answer, chunks)
        if self._scoring is not None:
            yield StageChanged(Stage.SCORING)
            scored = await self._scoring.score(request.messages, answer)
            if scored is not None:
                yield scored
        yield replace(finished, dropped_turns=prompt.dropped_turns)

    def _generated(
        self, engine: Engine, request: ChatRequest, question: str, prompt: _Prompt
    ) -> AsyncGenerator[EngineEvent]:
        asked = self._with_system_prompt(request.messages)
        quoted = self._policy.quoted
        begun = request.beginning is not None
        if quoted is not None and not begun and quoted.suits(request, asked, engine.info):
            return quoted.answer(engine, request, question, prompt.chunks)
        return engine.generate(prompt.messages, _bounded(request), request.caller)

    def _with_system_prompt(self, messages: Sequence[Message]) -> list[Message]:
        if not self._policy.system_prompt or messages[0].role is Role.SYSTEM:
            return list(messages)
        return [Message(Role.SYSTEM, self._policy.system_prompt), *messages]

    async def _fitting(
        self, engine: Engine, found: Sequence[RetrievedChunk]
    ) -> list[RetrievedChunk]:
        """Return the first chunks that fit the token budget of the sources; at least one."""
        budget = self._budget(engine)
        costs = [
            await engine.count_tokens([Message(Role.USER, render_source(index, each))])
            for index, each in enumerate(found, start=1)
        ]
        return list(found[: max(1, pack(costs, budget))])

    def _budget(self, engine: Engine) -> int:
        return min(self._policy.source_tokens, engine.info.context_length // 2)

    async def _whole_prompt(
        self,
        engine: Engine,
        messages: list[Message],
        request: ChatRequest,
        found: Sequence[RetrievedChunk],
    ) -> _Prompt | None:
        """Return the prompt with the whole documents; None if they do not apply."""
        assert request.scope is not None, "the request has documents"
        reading = self._whole_documents
        if reading is None or not reading.is_wanted(engine.info):
            return None
        whole = await reading.read(request.scope, request.principal, engine, self._budget(engine))
        if whole is None:
            return None
        prompt = await self._prompt(engine, messages, with_scores(whole, found), request)
        return prompt if len(prompt.chunks) == len(whole) else None

    async def _prompt(
        self,
        engine: Engine,
        messages: list[Message],
        chunks: list[RetrievedChunk],
        request: ChatRequest,
    ) -> _Prompt:
        """Return the prompt, without the oldest turns and then the last sources if necessary."""
        length = engine.info.context_length
        reserve = min(request.sampling.max_new_tokens, length // RESERVED_SHARE)
        turns = turn_count(messages)

        def shortened(steps: int) -> _Prompt:
            dropped, kept = min(steps, turns), len(chunks) - max(0, steps - turns)
            asked = drop_oldest_turns(messages, dropped)
            return _Prompt(_composed(asked, chunks[:kept], request), tuple(chunks[:kept]), dropped)

        async def excess(prompt: _Prompt) -> int:
            return await engine.count_tokens(prompt.messages) + reserve - length

        whole = shortened(0)
        if await excess(whole) <= 0:
            return whole
        # Binary search for the fewest steps after which it fits: the prompt gets shorter with each,
        # and counting after every one would take quadratic time.
        too_few, enough = 0, turns + max(0, len(chunks) - 1)
        shortest = shortened(enough)
        over = await excess(shortest)
        if over > 0:
            raise PromptTooLong(
                f"The prompt has {over + length - reserve} tokens; with {reserve} kept for the "
                f"answer, {engine.info.name} takes {length - reserve}. Shorten the question."
            )
        while enough - too_few > 1:
            middle = (too_few + enough) // 2
            if await excess(shortened(middle)) > 0:
                too_few = middle
            else:
                enough = middle
        return shortened(enough)


def _checked(messages: Sequence[Message]) -> Sequence[Message]:
    require_few_messages(len(messages))
    if not messages or messages[-1].role not in (Role.USER, Role.TOOL):
        raise InvalidRequest("The last message must be the user's question.")
    if messages[-1].role is Role.USER and not messages[-1].content.strip():
        raise InvalidRequest("The question is empty.")
    return messages


def _abstained(
    question: str, found: Sequence[RetrievedChunk], engine: Engine
) -> Iterator[ChatEvent]:
    """Yield the events of an abstention; no model is used."""
    yield PassagesFound(tuple(found))
    yield Abstained()
    yield StageChanged(Stage.WRITING)
    yield TextDelta(NOT_IN_DOCUMENTS)
    yield SourcesCited(tuple(cite(question, "", found)))
    yield Finished(FinishReason.STOP, Usage(0, 0), engine.info.name)


def _bounded(request: ChatRequest) -> SamplingParams:
    """Return the sampling, with a lower limit if a few words are wanted."""
    if request.scope is None or request.scope.style is AnswerStyle.FULL:
        return request.sampling
    limit = max(min(request.sampling.max_new_tokens, SHORT_TOKENS), request.sampling.min_new_tokens)
    return replace(request.sampling, max_new_tokens=limit)


def _composed(
    messages: list[Message], chunks: Sequence[RetrievedChunk], request: ChatRequest
) -> list[Message]:
    scope = request.scope
    asked = compose(messages, chunks, scope.mode, scope.style) if scope is not None else messages
    if request.beginning is None:
        return asked
    return [*asked, Message(Role.ASSISTANT, _beginning(request), unfinished=True)]


def _beginning(request: ChatRequest) -> str:
    """Return the part of the unfinished answer that the model wrote itself."""
    return (request.beginning or "").removeprefix(OWN_KNOWLEDGE)


def _abstains(request: ChatRequest, *, is_due: bool) -> bool:
    """Whether the model answers without the documents; a continuation keeps its mode."""
    if request.beginning is None:
        return is_due
    began_so = request.beginning.startswith(OWN_KNOWLEDGE)
    if is_due and not began_so:
        raise InvalidRequest(
            "The documents do not contain what the beginning of the answer is from: ask the "
            "question again."
        )
    return began_so
