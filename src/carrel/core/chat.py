"""What is asked of a model and what comes back."""

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
    """Who speaks a message. ``TOOL`` tells what a call came to.

    ``PROMPT`` is nobody: the message is the whole prompt, which goes to the model without a chat
    template, and stands alone.
    """

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"
    PROMPT = "prompt"


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation.

    The assistant may have made ``tool_calls``; a tool's message answers that of ``tool_call_id``.
    A ``PROMPT`` may be given in ids of the model's tokens instead of text. An ``unfinished`` one of
    the assistant, which can only be the last, is not answered: the model goes on with it.
    """

    role: Role
    content: str
    token_ids: tuple[int, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""
    unfinished: bool = False


def is_bare_prompt(messages: Sequence[Message]) -> bool:
    """Whether the messages are one prompt that goes to the model as it is."""
    return len(messages) == 1 and messages[0].role is Role.PROMPT


@dataclass(frozen=True, slots=True)
class JsonFormat:
    """The answer has to be JSON: any object, or what ``schema`` (JSON Schema) describes."""

    schema: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class SamplingParams:
    """How the next tokens are chosen.

    ``temperature`` 0 is greedy. ``top_k`` 0 and ``top_p`` 1 switch those filters off.
    ``max_new_tokens`` counts tokens of the model's own tokenizer, ``max_time`` is in seconds.
    ``top_logprobs`` None asks for no log-probabilities, 0 for those of the written tokens, n for
    those of the n likeliest tokens at each place, too.
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
    """What happens when the documents do not cover the question."""

    QUERY = "query"
    CHAT = "chat"


ALL = -1
"""A ``top_k`` of all passages that were found, as many as the prompt has room for."""


class AnswerStyle(StrEnum):
    """How long an answer from documents is: as long as it takes, or a few words."""

    FULL = "full"
    SHORT = "short"


@dataclass(frozen=True, slots=True)
class Scope:
    """Which documents a question is asked of.

    An empty ``document_ids`` means every document of the ``collections``. ``top_k`` is how many
    passages are wanted, or ``ALL``.
    """

    collections: tuple[str, ...]
    document_ids: tuple[str, ...] = ()
    top_k: int = 8
    mode: ScopeMode = ScopeMode.QUERY
    style: AnswerStyle = AnswerStyle.FULL


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One question to the chat service; ``scope`` None asks the model without documents.

    ``caller`` tells people apart who share an account: a busy model serves callers in turn.
    ``beginning`` is the text of the answer so far, with which the model goes on; ``passages`` are
    those it was written from, which are given to the model in place of what a search would find.
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
    """Why the text ended."""

    STOP = "stop"
    LENGTH = "length"
    TIME = "time"
    TOOL_CALLS = "tool_calls"


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

    @property
    def tokens_per_second(self) -> float | None:
        """The speed of writing after the first token; None with fewer than two tokens."""
        if self.time_to_first_token is None:
            return None
        writing = self.seconds - self.time_to_first_token
        further = self.completion_tokens - 1
        return further / writing if further > 0 and writing > 0 else None


class Stage(StrEnum):
    """What a running request is doing; only ``SCORING`` comes after the text."""

    READING_DOCUMENTS = "reading_documents"
    WAITING = "waiting"
    WRITING = "writing"
    SCORING = "scoring"


@dataclass(frozen=True, slots=True)
class StageChanged:
    """The request moved on to another stage.

    ``position`` counts from 1 where the request stands in line for a busy model.
    """

    stage: Stage
    position: int | None = None


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """A token that was written, its natural log-probability, and the likeliest ones instead.

    ``content`` is the token's bytes; ``text`` shows them, with U+FFFD for parts of characters.
    """

    text: str
    content: bytes
    logprob: float
    alternatives: tuple[TokenLogprob, ...] = ()


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More text of the answer; concatenating all deltas gives the whole.

    ``logprobs`` holds the tokens since the delta before, where the request asked for them. Text
    may be empty in a delta that only carries tokens.
    """

    text: str
    logprobs: tuple[TokenLogprob, ...] = ()


@dataclass(frozen=True, slots=True)
class QueryRewritten:
    """What was searched for instead of a follow-up question, which leaves out what it is about."""

    query: str


@dataclass(frozen=True, slots=True)
class PassagesFound:
    """The chunks that were given to the model, in the order in which they are numbered.

    ``whole`` says that they are all there is in the scope, in reading order.
    """

    chunks: tuple[RetrievedChunk, ...]
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Abstained:
    """The documents do not answer the question; the text says so.

    In mode ``query`` the passages nearest to it are the sources, in ``chat`` the model goes on with
    what it knows by itself.
    """


@dataclass(frozen=True, slots=True)
class SentenceChecked:
    """A sentence of the answer that is complete, with what supports it, while the text goes on.

    ``SourcesCited`` has all of them once more, at the end.
    """

    sentence: CheckedSentence


@dataclass(frozen=True, slots=True)
class SourcesCited:
    """The answer's sources, each with a verbatim quote; sent once, after the text.

    ``sentences`` are those of the answer, in order, each with the places that support it.
    """

    sources: tuple[Source, ...]
    sentences: tuple[CheckedSentence, ...] = ()


@dataclass(frozen=True, slots=True)
class AnswerScored:
    """What a reward model thinks of the answer; higher is better, the scale is the model's own."""

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
    """How a model's makers would sample it; None where they do not say."""

    temperature: float | None = None
    top_p: float | None = None
    repetition_penalty: float | None = None


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model in service. ``context_length`` is in tokens.

    ``adapter_of`` is the name of the base where the model is a LoRA adapter over it. ``parameters``
    is the number of its weights, and ``memory`` the bytes that they take; None where that is not
    known, and for an adapter, whose base has them. ``continues`` says whether it can go on with an
    answer that is unfinished. ``suggested`` is None where the model says nothing of its sampling.
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
