"""One turn of a chat: rewrite, retrieve, ground, generate, cite, score."""

from __future__ import annotations

import asyncio
import time
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
from carrel.core.errors import InvalidRequest, UnsupportedParameter
from carrel.core.models import EnginePool
from carrel.core.protocols.adapters import Engine
from carrel.core.request_limits import require_few_messages, require_short_query
from carrel.services.chat.abstention import NOT_IN_DOCUMENTS, OWN_KNOWLEDGE, Abstention
from carrel.services.chat.answer_speeds import AnswerSpeeds
from carrel.services.chat.collection_answers import CollectionAnswer, CollectionAnswers
from carrel.services.chat.collection_listing import listed_sentences
from carrel.services.chat.extractive_qa import ExtractiveQA
from carrel.services.chat.prompts import Prompt, PromptBuilder, beginning_of
from carrel.services.chat.rewriting import Rewriting
from carrel.services.chat.scoring import AnswerScoring
from carrel.services.chat.sentence_evidence import SentenceEvidence
from carrel.services.chat.table_questions import TableAnswer, TableQuestions
from carrel.services.chat.whole_documents import WholeDocumentReading
from carrel.services.citations.attribution import Attribution
from carrel.services.citations.citing import cite
from carrel.services.retrieval.retrieval import RetrievalService

SHORT_TOKENS = 48
"""Maximum answer tokens if a few words are wanted; a request may set less."""


@dataclass(frozen=True, slots=True)
class ChatPolicy:
    """Settings of the chat service: default system message, and token budget of the sources.

    ``quoted`` gives extractive answers where applicable, ``tables`` those that are computed, and
    ``collection`` those about the collection itself; None for never. ``sentences`` are looked at
    before a question is declined, if their bound is known.
    """

    system_prompt: str
    source_tokens: int
    rewriting: Rewriting = field(default_factory=Rewriting)
    abstention: Abstention = field(default_factory=Abstention)
    quoted: ExtractiveQA | None = None
    tables: TableQuestions | None = None
    collection: CollectionAnswers | None = None
    sentences: SentenceEvidence | None = None


@dataclass(slots=True)
class _Turn:
    """One answer in the making; each step fills in what the next one needs."""

    request: ChatRequest
    engine: Engine
    question: str
    """What is searched for; the last message, unless that was rewritten."""
    found: Sequence[RetrievedChunk] = ()
    abstains: bool = False
    computed: TableAnswer | None = None
    prompt: Prompt = field(default_factory=lambda: Prompt([], (), 0))
    attribution: Attribution | None = None
    text: str = ""
    finished: Finished | None = None


class ChatService:
    """Answers chat requests, with or without documents.

    ``speeds`` is the recent generation speed of each model.
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
        self._prompts = PromptBuilder(policy.system_prompt, policy.source_tokens, whole_documents)
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
        _check(request)
        engine = self._models.get(request.model)
        turn = _Turn(request, engine, request.messages[-1].content)
        for step in (self._retrieve, self._build_prompt, self._generate, self._attribute):
            async with aclosing(step(turn)) as events:
                async for event in events:
                    yield event
                    if isinstance(event, Finished):
                        return

    async def _retrieve(self, turn: _Turn) -> AsyncGenerator[ChatEvent]:
        """Search the documents; finish the answer where they hold too little for it."""
        request = turn.request
        if request.scope is None or request.passages:
            return
        scope = await self._retrieval.filtered(request.scope, request.principal)
        request = turn.request = replace(request, scope=scope)
        yield StageChanged(Stage.READING_DOCUMENTS)
        # Such a question is whole by itself.
        about = await self._about_collection(turn)
        if about is None:
            rewriting = self._policy.rewriting
            query = await rewriting.query(request.messages, turn.engine, request.caller)
            if query != turn.question:
                yield QueryRewritten(query)
                turn.question = query
                about = await self._about_collection(turn)
        query = turn.question
        if about is not None:
            sentences = listed_sentences(query, about.text, about.sources) or ()
            cited = SourcesCited(about.sources, sentences)
            for event in _without_model(about.text, about.passages, cited, turn.engine):
                yield event
            return
        turn.found = await self._retrieval.search(query, scope, request.principal)
        concerns = self._policy.abstention.concerns(request, turn.found)
        is_due = concerns and not await self.suffices(query, turn.found)
        if self._policy.tables is not None and self._is_quoted(turn):
            turn.computed = await self._policy.tables.answer(query, turn.found, scope.style)
        if turn.computed is not None:
            turn.found = turn.computed.before(turn.found)
            is_due = False
        turn.abstains = _abstains(request, is_due=is_due)
        if turn.abstains and scope.mode is ScopeMode.QUERY:
            cited = SourcesCited(tuple(cite(query, NOT_IN_DOCUMENTS, turn.found)))
            for event in _without_model(
                NOT_IN_DOCUMENTS, turn.found, cited, turn.engine, Abstained()
            ):
                yield event
        elif turn.abstains:
            turn.request = replace(request, scope=None)

    async def suffices(self, question: str, found: Sequence[RetrievedChunk]) -> bool:
        """Whether the passages, or their sentences, are evidence of an answer."""
        sentences = self._policy.sentences
        known = None if sentences is None else await sentences.suffices(question, found)
        return self._policy.abstention.suffices(found) if known is None else known

    async def _about_collection(self, turn: _Turn) -> CollectionAnswer | None:
        """Answer a question about the collection itself, whatever the model."""
        request, answers = turn.request, self._policy.collection
        scope = request.scope
        if answers is None or scope is None or scope.mode is not ScopeMode.QUERY:
            return None
        if request.beginning is not None or request.sampling.response_format is not None:
            return None
        return await answers.answer(turn.question, scope, request.principal)

    async def _build_prompt(self, turn: _Turn) -> AsyncGenerator[ChatEvent]:
        """Fit sources and earlier turns into the context."""
        engine, request = turn.engine, turn.request
        if request.scope is not None and not request.passages:
            turn.prompt = await self._prompts.over_documents(engine, request, turn.found)
            yield PassagesFound(turn.prompt.chunks, turn.prompt.are_whole)
        else:
            turn.prompt = await self._prompts.build(engine, request, request.passages)
            if turn.abstains:
                yield Abstained()

    async def _generate(self, turn: _Turn) -> AsyncGenerator[ChatEvent]:
        """Have the model write, and attribute each sentence that is complete."""
        request = turn.request
        yield StageChanged(Stage.WAITING)
        beginning = beginning_of(request)
        chunks = request.passages or turn.prompt.chunks
        turn.attribution = Attribution(turn.question, chunks, beginning)
        parts = [beginning]
        async with aclosing(self._events(turn)) as events:
            async for event in events:
                if isinstance(event, Finished):
                    turn.finished = event
                    continue
                if isinstance(event, TextDelta):
                    if len(parts) == 1:
                        yield StageChanged(Stage.WRITING)
                        if turn.abstains and request.beginning is None:
                            yield TextDelta(OWN_KNOWLEDGE)
                    parts.append(event.text)
                yield event
                if isinstance(event, TextDelta):
                    for sentence in turn.attribution.push(event.text):
                        yield SentenceChecked(sentence)
        turn.text = "".join(parts)
        assert turn.finished is not None, "an engine that does not fail ends with Finished"
        self.speeds.add(turn.finished)

    async def _events(self, turn: _Turn) -> AsyncGenerator[EngineEvent]:
        """Yield the model's own answer, or for a small model a quotation, which needs no model."""
        request, engine = turn.request, turn.engine
        started = time.perf_counter()
        text = await self._quotation(turn)
        if text is not None:
            yield TextDelta(text)
            usage = Usage(0, 0, seconds=time.perf_counter() - started)
            yield Finished(FinishReason.STOP, usage, engine.info.name)
            return
        events = engine.generate(turn.prompt.messages, _bounded(request), request.caller)
        async with aclosing(events):
            async for event in events:
                yield event

    async def _quotation(self, turn: _Turn) -> str | None:
        request, quoted = turn.request, self._policy.quoted
        if turn.computed is not None:
            return turn.computed.text
        if quoted is None or request.scope is None or not self._is_quoted(turn):
            return None
        return await quoted.answer(turn.question, turn.prompt.chunks, request.scope.style)

    def _is_quoted(self, turn: _Turn) -> bool:
        """Whether the answer is a quotation instead of the model's own."""
        request, quoted = turn.request, self._policy.quoted
        messages = self._prompts.messages(request)
        is_new = request.beginning is None
        return quoted is not None and is_new and quoted.suits(request, messages, turn.engine.info)

    async def _attribute(self, turn: _Turn) -> AsyncGenerator[ChatEvent]:
        """Yield the sources, the score and the end.

        The engine is released by now: the next request does not wait for this one's score.
        """
        request, finished = turn.request, turn.finished
        assert finished is not None and turn.attribution is not None
        if request.scope is not None:
            yield await asyncio.to_thread(turn.attribution.of, turn.text)
        if self._scoring is not None:
            yield StageChanged(Stage.SCORING)
            scored = await self._scoring.score(request.messages, turn.text)
            if scored is not None:
                yield scored
        yield replace(finished, dropped_turns=turn.prompt.dropped_turns)


def _check(request: ChatRequest) -> None:
    messages = request.messages
    require_few_messages(len(messages))
    if not messages or messages[-1].role not in (Role.USER, Role.TOOL):
        raise InvalidRequest("The last message must be the user's question.")
    if messages[-1].role is Role.USER and not messages[-1].content.strip():
        raise InvalidRequest("The question is empty.")
    if request.scope is None:
        return
    require_short_query(messages[-1].content)
    if request.sampling.tools is not None:
        # Document content must not be able to trigger tool calls.
        raise UnsupportedParameter("`tools` cannot be combined with `documents`.")


def _without_model(
    text: str,
    found: Sequence[RetrievedChunk],
    cited: SourcesCited,
    engine: Engine,
    *first: ChatEvent,
) -> Iterator[ChatEvent]:
    """Yield the events of an answer that no model writes; ``first`` precede its text."""
    yield PassagesFound(tuple(found))
    yield from first
    yield StageChanged(Stage.WRITING)
    yield TextDelta(text)
    yield cited
    yield Finished(FinishReason.STOP, Usage(0, 0), engine.info.name)


def _bounded(request: ChatRequest) -> SamplingParams:
    """Return the sampling, with a lower limit if a few words are wanted."""
    if request.scope is None or request.scope.style is AnswerStyle.FULL:
        return request.sampling
    limit = max(min(request.sampling.max_new_tokens, SHORT_TOKENS), request.sampling.min_new_tokens)
    return replace(request.sampling, max_new_tokens=limit)


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
