"""What the client returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from carrel.core.chat import AnswerScored, FinishReason, TokenLogprob, Usage
from carrel.core.documents import OutcomeKind, Source
from carrel.wire.completions import CompletionBody
from carrel.wire.documents import DocumentBody, UploadReply
from carrel.wire.logprobs import LogprobsBody


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished answer. ``sources`` is empty where no documents were asked.

    ``dropped_turns`` counts the messages that did not fit the model's context. ``logprobs`` has the
    tokens of the text where they were asked for. ``scored`` is set where the server has a reward
    model and it was in time. ``search_query`` is what was searched for, where that is not
    the question itself.
    """

    text: str
    sources: Sequence[Source]
    usage: Usage
    finish_reason: FinishReason
    model: str
    dropped_turns: int = 0
    logprobs: Sequence[TokenLogprob] = ()
    scored: AnswerScored | None = None
    search_query: str | None = None

    @classmethod
    def of(cls, body: CompletionBody) -> Answer:
        """Return the answer of a completion."""
        choice = body.choices[0]
        return cls(
            text=choice.message.content,
            sources=tuple(each.to_core() for each in body.sources or ()),
            usage=body.usage.to_core(),
            finish_reason=FinishReason(choice.finish_reason),
            model=body.model,
            dropped_turns=body.dropped_turns,
            logprobs=tokens_of(choice.logprobs),
            scored=body.scored,
            search_query=body.search_query,
        )


def tokens_of(body: LogprobsBody | None) -> tuple[TokenLogprob, ...]:
    """Return core's tokens; none where there is no body."""
    return () if body is None else tuple(each.to_core() for each in body.content)


@dataclass(frozen=True, slots=True)
class Health:
    """Whether a question could be answered now; ``reason`` says what is missing."""

    ready: bool
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Uploaded:
    """How one file of an upload ended; ``code`` and ``reason`` are set when it failed."""

    name: str
    kind: OutcomeKind
    document: DocumentBody | None = None
    code: str | None = None
    reason: str | None = None


def uploaded(reply: UploadReply) -> list[Uploaded]:
    """Return one entry per file, with its document where it went in."""
    documents = {each.id: each for each in reply.documents}
    return [
        Uploaded(
            name=each.name,
            kind=OutcomeKind(each.outcome),
            document=documents.get(each.document_id or ""),
            code=each.code,
            reason=each.reason,
        )
        for each in reply.outcomes
    ]
