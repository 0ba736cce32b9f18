"""Replies to chat completion requests, complete or as chunks of a stream.

Format: https://platform.openai.com/docs/api-reference/chat/object, with extensions. At the top
level: ``sources`` and ``answer_sentences`` if documents were asked; ``whole_documents``, whether
the sources are everything in scope; ``search_query``, the query if it is not the question itself;
``abstained`` if the documents do not answer it; ``score``, given by the reward model
``score_model``, if the server has one; ``dropped_turns``, the number of messages that did not fit
the context. In ``usage``: the answer's timing. In a stream they are in the last chunk before
``[DONE]``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import SerializerFunctionWrapHandler, model_serializer

from carrel.core.chat import AnswerScored, FinishReason, Usage
from carrel.schemas.body import ReplyBody
from carrel.schemas.function_tools import ToolCallBody, ToolCallDelta
from carrel.schemas.logprobs import LogprobsBody
from carrel.schemas.sources import SentenceBody, SourceBody

Finish = Literal["stop", "length", "tool_calls"]

FINISH: Mapping[FinishReason, Finish] = {
    FinishReason.STOP: "stop",
    FinishReason.LENGTH: "length",
    # OpenAI has no reason for an answer that ran out of time; it is cut off all the same.
    FinishReason.TIME: "length",
    FinishReason.TOOL_CALLS: "tool_calls",
}


class SparseBody(ReplyBody):
    """A body that omits keys without a value, as OpenAI does."""

    @model_serializer(mode="wrap")
    def _without_nulls(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {key: value for key, value in serialize(self).items() if value is not None}


class ScoreFields(SparseBody):
    """The answer's score and the reward model that gave it; both or neither."""

    score: float | None = None
    score_model: str | None = None

    @property
    def scored(self) -> AnswerScored | None:
        """Core's form of both."""
        if self.score is None or self.score_model is None:
            return None
        return AnswerScored(self.score, self.score_model)


class UsageBody(SparseBody):
    """Token counts by the model's own tokenizer, and timing.

    ``time_to_first_token`` and ``seconds`` count from the engine's acceptance of the request;
    ``tokens_per_second`` counts the tokens after the first, and the time after it.
    """

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    time_to_first_token: float | None = None
    seconds: float | None = None
    tokens_per_second: float | None = None

    @classmethod
    def of(cls, usage: Usage) -> UsageBody:
        """Return the body of core's counts."""
        return cls(
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            total_tokens=usage.prompt_tokens + usage.completion_tokens,
            time_to_first_token=usage.time_to_first_token,
            seconds=usage.seconds,
            tokens_per_second=usage.tokens_per_second,
        )

    def to_core(self) -> Usage:
        """Return core's counts."""
        return Usage(
            self.prompt_tokens,
            self.completion_tokens,
            self.time_to_first_token,
            self.seconds or 0.0,
        )


class AnswerMessage(ReplyBody):
    """The generated message; ``content`` is null if it only calls tools."""

    role: Literal["assistant"] = "assistant"
    content: str | None
    tool_calls: list[ToolCallBody] | None = None

    @model_serializer(mode="wrap")
    def _without_no_calls(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        fields: dict[str, Any] = serialize(self)
        return fields if fields["tool_calls"] else {"role": self.role, "content": self.content}


class ChoiceBody(ReplyBody):
    """One answer."""

    index: int = 0
    message: AnswerMessage
    finish_reason: Finish
    logprobs: LogprobsBody | None = None


class CompletionBody(ScoreFields):
    """A complete reply."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[ChoiceBody]
    usage: UsageBody
    sources: list[SourceBody] | None = None
    whole_documents: bool | None = None
    answer_sentences: list[SentenceBody] | None = None
    search_query: str | None = None
    abstained: bool | None = None
    dropped_turns: int = 0


class DeltaBody(SparseBody):
    """What a chunk adds to the message."""

    role: Literal["assistant"] | None = None
    content: str | None = None
    tool_calls: list[ToolCallDelta] | None = None


class ChunkChoice(ReplyBody):
    """A chunk's part of one answer."""

    index: int = 0
    delta: DeltaBody
    finish_reason: Finish | None = None
    logprobs: LogprobsBody | None = None


class ChunkBody(ScoreFields):
    """One chunk of a stream. ``usage`` comes last, with empty ``choices``, if requested."""

    id: str
    object: Literal["chat.completion.chunk"] = "chat.completion.chunk"
    created: int
    model: str
    choices: list[ChunkChoice]
    usage: UsageBody | None = None
    sources: list[SourceBody] | None = None
    whole_documents: bool | None = None
    answer_sentences: list[SentenceBody] | None = None
    search_query: str | None = None
    abstained: bool | None = None
    dropped_turns: int | None = None
