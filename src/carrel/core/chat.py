"""What is asked of a model and what comes back."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from carrel.core.access import Principal
from carrel.core.documents import RetrievedChunk, Source


class Role(StrEnum):
    """Who speaks a message."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class SamplingParams:
    """How the next tokens are chosen.

    ``temperature`` 0 is greedy. ``top_k`` 0 and ``top_p`` 1 switch those filters off.
    ``max_new_tokens`` counts tokens of the model's own tokenizer, ``max_time`` is in seconds.
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


class ScopeMode(StrEnum):
    """What happens when the documents do not cover the question."""

    QUERY = "query"
    CHAT = "chat"


@dataclass(frozen=True, slots=True)
class Scope:
    """Which documents a question is asked of.

    An empty ``document_ids`` means every document of the ``collections``.
    """

    collections: tuple[str, ...]
    document_ids: tuple[str, ...] = ()
    top_k: int = 8
    mode: ScopeMode = ScopeMode.QUERY


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One question to the chat service; ``scope`` None asks the model without documents."""

    messages: tuple[Message, ...]
    principal: Principal
    model: str | None = None
    sampling: SamplingParams = field(default_factory=SamplingParams)
    scope: Scope | None = None


class FinishReason(StrEnum):
    """Why the text ended."""

    STOP = "stop"
    LENGTH = "length"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Usage:
    """Real token counts of one answer, and its timing in seconds.

    ``time_to_first_token`` runs from the engine's acceptance of the request; None when no token
    was made.
    """

    prompt_tokens: int
    completion_tokens: int
    time_to_first_token: float | None = None
    seconds: float = 0.0


class Stage(StrEnum):
    """What a running request is doing before its text starts."""

    READING_DOCUMENTS = "reading_documents"
    WAITING = "waiting"
    WRITING = "writing"


@dataclass(frozen=True, slots=True)
class StageChanged:
    """The request moved on to another stage."""

    stage: Stage


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More text of the answer; concatenating all deltas gives the whole."""

    text: str


@dataclass(frozen=True, slots=True)
class PassagesFound:
    """The chunks that were given to the model, in the order in which they are numbered."""

    chunks: tuple[RetrievedChunk, ...]


@dataclass(frozen=True, slots=True)
class SourcesCited:
    """The answer's sources, each with a verbatim quote; sent once, after the text."""

    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Finished:
    """The last event of every answer that did not fail.

    ``dropped_turns`` counts the history messages that did not fit the context.
    """

    reason: FinishReason
    usage: Usage
    model: str
    dropped_turns: int = 0


EngineEvent = TextDelta | Finished
ChatEvent = StageChanged | TextDelta | PassagesFound | SourcesCited | Finished


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model in service. ``context_length`` is in tokens."""

    name: str
    engine: str
    context_length: int
    precision: str = ""
    device: str = ""
