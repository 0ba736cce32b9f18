"""Return types of the client."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from carrel.client.failures import ApiError
from carrel.core.chat import AnswerScored, FinishReason, TokenLogprob, Usage
from carrel.core.citations import CheckedSentence
from carrel.core.documents import OutcomeKind, Source
from carrel.schemas.completions import CompletionBody
from carrel.schemas.documents import DocumentBody, UploadReply
from carrel.schemas.logprobs import LogprobsBody
from carrel.schemas.sources import SentenceBody


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished answer. ``sources`` is empty if no documents were asked; with ``whole_documents``
    they are everything in scope.

    ``sentences`` are those of the text, each with its citations. ``dropped_turns`` counts the
    messages that did not fit the model's context. ``logprobs`` has the tokens of the text if
    requested. ``scored`` is set if the server has a reward model that was in time. ``search_query``
    is the query if it differs from the question. ``abstained`` says that the documents do not
    answer the question.
    """

    text: str
    sources: Sequence[Source]
    usage: Usage
    finish_reason: FinishReason
    model: str
    dropped_turns: int = 0
    whole_documents: bool = False
    logprobs: Sequence[TokenLogprob] = ()
    scored: AnswerScored | None = None
    sentences: Sequence[CheckedSentence] = ()
    search_query: str | None = None
    abstained: bool = False

    @classmethod
    def of(cls, body: CompletionBody) -> Answer:
        """Return the answer of a completion.

        Raises:
            ApiError: it cites an unknown source.
        """
        choice = body.choices[0]
        text = choice.message.content or ""
        sources = tuple(each.to_core() for each in body.sources or ())
        return cls(
            text=text,
            sources=sources,
            usage=body.usage.to_core(),
            finish_reason=FinishReason(choice.finish_reason),
            model=body.model,
            dropped_turns=body.dropped_turns,
            whole_documents=bool(body.whole_documents),
            logprobs=tokens_of(choice.logprobs),
            scored=body.scored,
            sentences=sentences_of(body.answer_sentences or (), text, sources),
            search_query=body.search_query,
            abstained=bool(body.abstained),
        )


def sentences_of(
    bodies: Sequence[SentenceBody], text: str, sources: Sequence[Source]
) -> tuple[CheckedSentence, ...]:
    """Return core's sentences of an answer.

    Raises:
        ApiError: a quote does not occur in its source.
    """
    try:
        return tuple(each.to_core(text, sources) for each in bodies)
    except ValueError as error:
        raise ApiError(f"The answer's citations cannot be right: {error}.", None, None) from error


def tokens_of(body: LogprobsBody | None) -> tuple[TokenLogprob, ...]:
    """Return core's tokens; none without a body."""
    return () if body is None else tuple(each.to_core() for each in body.content)


@dataclass(frozen=True, slots=True)
class Health:
    """Whether a question can be answered now; ``reason`` is what is missing."""

    ready: bool
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Uploaded:
    """Result of one file of an upload; ``code`` and ``reason`` are set if it failed."""

    name: str
    kind: OutcomeKind
    document: DocumentBody | None = None
    code: str | None = None
    reason: str | None = None


def uploaded(reply: UploadReply) -> list[Uploaded]:
    """Return one entry per file, with its document if it was ingested."""
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
