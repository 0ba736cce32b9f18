"""The prompt of an answer: sources and turns within the model's context."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from carrel.core.chat import ChatRequest, Message, Role
from carrel.core.documents import RetrievedChunk
from carrel.core.errors import PromptTooLong
from carrel.core.protocols.adapters import Engine
from carrel.services.chat.abstention import OWN_KNOWLEDGE
from carrel.services.chat.grounding import (
    compose,
    count_source,
    drop_oldest_turns,
    pack,
    turn_count,
)
from carrel.services.chat.whole_documents import WholeDocumentReading, with_scores

RESERVED_SHARE = 4
"""At most this fraction of the context is reserved for the answer; the engine clamps the rest."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the model is given: fewer turns and sources than requested where they did not fit.

    ``are_whole`` says that ``chunks`` are whole documents.
    """

    messages: list[Message]
    chunks: tuple[RetrievedChunk, ...]
    dropped_turns: int
    are_whole: bool = False


class PromptBuilder:
    """Builds prompts of numbered sources, earlier turns and the question."""

    def __init__(
        self,
        system_prompt: str,
        source_tokens: int,
        whole_documents: WholeDocumentReading | None = None,
    ) -> None:
        """Take the default system message and the most tokens of a prompt for sources."""
        self._system_prompt = system_prompt
        self._source_tokens = source_tokens
        self._whole_documents = whole_documents

    def messages(self, request: ChatRequest) -> list[Message]:
        """Return the messages of a request, with the default system message if it has none."""
        if not self._system_prompt or request.messages[0].role is Role.SYSTEM:
            return list(request.messages)
        return [Message(Role.SYSTEM, self._system_prompt), *request.messages]

    async def over_documents(
        self, engine: Engine, request: ChatRequest, found: Sequence[RetrievedChunk]
    ) -> Prompt:
        """Return the prompt with whole documents if they are wanted and fit, else with passages.

        Raises:
            PromptTooLong: the question alone does not fit the context.
        """
        budget = min(self._source_tokens, engine.info.context_length // 2)
        whole = await self._over_whole_documents(engine, request, found, budget)
        if whole is not None:
            return whole
        tokens = [await count_source(engine, index, each) for index, each in enumerate(found, 1)]
        kept = max(1, pack(tokens, budget))
        return await self.build(engine, request, found[:kept], sum(tokens[:kept]))

    async def _over_whole_documents(
        self,
        engine: Engine,
        request: ChatRequest,
        found: Sequence[RetrievedChunk],
        budget: int,
    ) -> Prompt | None:
        assert request.scope is not None, "the request is about documents"
        reading = self._whole_documents
        if reading is None or not reading.is_wanted(engine.info):
            return None
        read = await reading.read(request.scope, request.principal, engine, budget)
        if read is None:
            return None
        chunks, tokens = read
        prompt = await self.build(engine, request, with_scores(chunks, found), tokens)
        if len(prompt.chunks) < len(chunks):
            return None
        return Prompt(prompt.messages, prompt.chunks, prompt.dropped_turns, are_whole=True)

    async def build(
        self,
        engine: Engine,
        request: ChatRequest,
        chunks: Sequence[RetrievedChunk] = (),
        source_tokens: int | None = None,
    ) -> Prompt:
        """Return the prompt, without the oldest turns and then the last sources if necessary.

        ``source_tokens`` is what the chunks were counted to: together with the rest of the prompt
        it is an upper bound, so that sources are tokenized again only close to the limit.

        Raises:
            PromptTooLong: the question alone does not fit the context.
        """
        messages = self.messages(request)
        length = engine.info.context_length
        reserve = min(request.sampling.max_new_tokens, length // RESERVED_SHARE)
        turns = turn_count(messages)

        def shortened(steps: int) -> Prompt:
            dropped, kept = min(steps, turns), len(chunks) - max(0, steps - turns)
            asked = drop_oldest_turns(messages, dropped)
            return Prompt(_composed(asked, chunks[:kept], request), tuple(chunks[:kept]), dropped)

        async def excess(prompt: Prompt) -> int:
            return await engine.count_tokens(prompt.messages) + reserve - length

        whole = shortened(0)
        if source_tokens is not None:
            without = await engine.count_tokens(_composed(messages, (), request))
            if without + source_tokens + reserve <= length:
                return whole
        if await excess(whole) <= 0:
            return whole
        # Binary search for the fewest steps after which it fits: the prompt gets shorter with each,
        # and counting after every one would take quadratic time.
        too_few, enough = 0, turns + max(0, len(chunks) - 1)
        over = await excess(shortened(enough))
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


def beginning_of(request: ChatRequest) -> str:
    """Return the part of the unfinished answer that the model wrote itself."""
    return (request.beginning or "").removeprefix(OWN_KNOWLEDGE)


def _composed(
    messages: list[Message], chunks: Sequence[RetrievedChunk], request: ChatRequest
) -> list[Message]:
    scope = request.scope
    asked = compose(messages, chunks, scope.mode, scope.style) if scope is not None else messages
    if request.beginning is None:
        return asked
    return [*asked, Message(Role.ASSISTANT, beginning_of(request), unfinished=True)]
