"""Requests to a model, and the events of an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from carrel.core.access import Principal
from carrel.core.citations import CheckedSentence
from carrel.core.documents import RetrievedChunk, Source
from carrel.core.function_tools import ToolCall, ToolsCalled, ToolUse


class Role(StrEnum):
    """The author of a message. ``TOOL`` is the result of a tool call.

    ``PROMPT`` marks a message that is the whole prompt: it is sent to the model without a chat
    template and must be the only message.
    """

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"
    PROMPT = "prompt"


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation.

    An assistant message may carry ``tool_calls``; a tool message answers the call
    ``tool_call_id``. A ``PROMPT`` may be given as token ids instead of text. An ``unfinished``
    assistant message must be the last one: the model continues it instead of answering it.
    """

    role: Role
    content: str
    token_ids: tuple[int, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""
    unfinished: bool = False


def is_bare_prompt(messages: Sequence[Message]) -> bool:
    """Whether the messages are one raw prompt."""
    return len(messages) == 1 and messages[0].role is Role.PROMPT


@dataclass(frozen=True, slots=True)
class JsonFormat:
    """The answer must be JSON: any object, or one that matches ``schema`` (JSON Schema)."""

    schema: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class SamplingParams:
    """Sampling parameters.

    ``temperature`` 0 is greedy. ``top_k`` 0 and ``top_p`` 1 switch those filters off.
    ``max_new_tokens`` counts tokens of the model's tokenizer, ``max_time`` is in seconds.
    ``top_logprobs`` None returns no log-probabilities, 0 those of the generated tokens, n also
    those of the n most likely tokens at each position.
    """

    max_new_tokens: int = 512
    min_new_tokens: int = 0
    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    repetition_penalty: float = 1.0
    seed: int | None = None
    stop: tuple[str, ...] = ()
    max_time: float | None = None
    response_format: JsonFormat | None = None
    top_logprobs: int | None = None
    tools: ToolUse | None = None


class ScopeMode(StrEnum):
    """What to do if the documents do not answer the question."""

    QUERY = "query"
    CHAT = "chat"


ALL = -1
"""Value of ``top_k``: all passages found, as many as fit in the prompt."""


class AnswerStyle(StrEnum):
    """Length of an answer from documents: free, or a few words."""

    FULL = "full"
    SHORT = "short"


@dataclass(frozen=True, slots=True)
class Scope:
    """The documents that a question is asked of.

    Empty ``document_ids`` means every document of the ``collections``, and a ``filter`` those of
    them that match it. ``top_k`` is the number of passages to retrieve, or ``ALL``.
    """

    collections: tuple[str, ...]
    document_ids: tuple[str, ...] = ()
    top_k: int = 8
    mode: ScopeMode = ScopeMode.QUERY
    style: AnswerStyle = AnswerStyle.FULL
    filter: str = ""


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One request to the chat service; without a ``scope`` no documents are used.

    ``caller`` tells apart users who share an account: a busy model serves callers in turn.
    ``beginning`` is the partial answer that the model continues; ``passages`` are those it was
    generated from, which replace the results of a search.
    """

    messages: tuple[Message, ...]
    principal: Principal
    model: str | None = None
    sampling: SamplingParams = field(default_factory=SamplingParams)
    scope: Scope | None = None
    caller: str = ""
    beginning: str | None = None
    passages: tuple[RetrievedChunk, ...] = ()


class FinishReason(StrEnum):
    """Why generation ended."""

    STOP = "stop"
    LENGTH = "length"
    TIME = "time"
    TOOL_CALLS = "tool_calls"


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts and timing of one answer, in seconds.

    ``time_to_first_token`` starts when the engine accepts the request; None if no token was
    generated.
    """

    prompt_tokens: int
    completion_tokens: int
    time_to_first_token: float | None = None
    seconds: float = 0.0

    @property
    def tokens_per_second(self) -> float | None:
        """Generation speed after the first token; None with fewer than two tokens."""
        if self.time_to_first_token is None:
            return None
        writing = self.seconds - self.time_to_first_token
        further = self.completion_tokens - 1
        return further / writing if further > 0 and writing > 0 else None


class Stage(StrEnum):
    """Stage of a running request; only ``SCORING`` follows the text."""

    READING_DOCUMENTS = "reading_documents"
    WAITING = "waiting"
    WRITING = "writing"
    SCORING = "scoring"


@dataclass(frozen=True, slots=True)
class StageChanged:
    """The request entered another stage.

    ``position`` is its place in the queue of a busy model, from 1.
    """

    stage: Stage
    position: int | None = None


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """A generated token, its natural log-probability, and the most likely alternatives.

    ``content`` is the token's bytes; ``text`` decodes them, with U+FFFD for incomplete characters.
    """

    text: str
    content: bytes
    logprob: float
    alternatives: tuple[TokenLogprob, ...] = ()


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the answer; all deltas concatenated are the whole text.

    ``logprobs`` holds the tokens since the previous delta, if requested. The text of a delta may
    be empty.
    """

    text: str
    logprobs: tuple[TokenLogprob, ...] = ()


@dataclass(frozen=True, slots=True)
class QueryRewritten:
    """The standalone query that was searched for in place of a follow-up question."""

    query: str


@dataclass(frozen=True, slots=True)
class PassagesFound:
    """The chunks that were given to the model, in the order of their numbers.

    ``whole`` says that they are everything in the scope, in reading order.
    """

    chunks: tuple[RetrievedChunk, ...]
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Abstained:
    """The documents do not answer the question; the text says so.

    In mode ``query`` the nearest passages are returned as sources; in mode ``chat`` the model
    continues from its own knowledge.
    """


@dataclass(frozen=True, slots=True)
class SentenceChecked:
    """A complete sentence of the answer with its citations, sent while the text is streaming.

    ``SourcesCited`` repeats all of them at the end.
    """

    sentence: CheckedSentence


@dataclass(frozen=True, slots=True)
class SourcesCited:
    """The sources of the answer, each with a verbatim quote; sent once, after the text.

    ``sentences`` are those of the answer, in order, each with its citations.
    """

    sources: tuple[Source, ...]
    sentences: tuple[CheckedSentence, ...] = ()


@dataclass(frozen=True, slots=True)
class AnswerScored:
    """The reward model's score of the answer; higher is better, the scale is the model's own."""

    score: float
    model: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The last event of every answer that did not fail.

    ``dropped_turns`` counts the history messages that did not fit the context.
    """

    reason: FinishReason
    usage: Usage
    model: str
    dropped_turns: int = 0


EngineEvent = StageChanged | TextDelta | ToolsCalled | Finished
ChatEvent = (
    StageChanged
    | QueryRewritten
    | TextDelta
    | ToolsCalled
    | PassagesFound
    | Abstained
    | SentenceChecked
    | SourcesCited
    | AnswerScored
    | Finished
)


@dataclass(frozen=True, slots=True)
class SuggestedSampling:
    """Sampling that the model's authors recommend; None where they do not say."""

    temperature: float | None = None
    top_p: float | None = None
    repetition_penalty: float | None = None


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A loaded model. ``context_length`` is in tokens.

    ``adapter_of`` is the name of the base model of a LoRA adapter. ``parameters`` is the number of
    weights and ``memory`` their size in bytes; None if unknown, and for an adapter. ``continues``
    says whether the model can continue an unfinished answer. ``suggested`` is None if the model
    comes without recommended sampling.
    """

    name: str
    engine: str
    context_length: int
    precision: str = ""
    device: str = ""
    adapter_of: str | None = None
    parameters: int | None = None
    memory: int | None = None
    continues: bool = True
    suggested: SuggestedSampling | None = None
