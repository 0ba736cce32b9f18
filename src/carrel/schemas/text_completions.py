"""Text completion without a chat template, in OpenAI's shape of legacy completions.

Format: https://platform.openai.com/docs/api-reference/completions/create
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from carrel.core.chat import TokenLogprob
from carrel.schemas.body import ReplyBody, Text
from carrel.schemas.completions import Finish, SparseBody, UsageBody
from carrel.schemas.refused import refusal, unless
from carrel.schemas.sampling import GenerationBody, RefusedPenalties
from carrel.schemas.texts import Texts

USUAL_LENGTH = 16
"""In tokens; OpenAI's default, which is shorter than a chat's."""

MOST_CHOICES = 128


class TextCompletionBody(GenerationBody, RefusedPenalties):
    """Asks a model to continue one prompt or several.

    ``top_k``, ``repetition_penalty``, ``min_tokens`` and ``max_time`` are the extensions of chat
    completions. Omitted options take the server's settings.
    """

    prompt: Texts
    model: Text | None = None
    n: int | None = Field(None, ge=1, le=MOST_CHOICES)
    logprobs: int | None = Field(None, ge=0, le=20)
    echo: bool | None = None

    suffix: Annotated[Any, unless("")] = None
    best_of: int | None = Field(None, ge=1)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.best_of is not None and self.best_of != self.continuations:
            raise refusal("'best_of' is only supported with the value of 'n'.")
        self._require_stream()
        if len(self.prompt) * self.continuations > MOST_CHOICES:
            raise ValueError(f"prompts times n are more than {MOST_CHOICES}: send fewer at once")
        if self.echo and self.logprobs is not None:
            raise refusal("'logprobs' cannot be combined with 'echo'.")
        if self.echo and not all(isinstance(each, str) for each in self.prompt):
            raise refusal("'echo' is not supported with token ids: send the prompt as text.")
        return self

    @property
    def continuations(self) -> int:
        """The number of completions per prompt."""
        return self.n or 1


class TextLogprobs(ReplyBody):
    """The generated tokens; ``text_offset`` counts characters from the start of the text."""

    tokens: list[str]
    token_logprobs: list[float]
    top_logprobs: list[dict[str, float]]
    text_offset: list[int]

    @classmethod
    def of(cls, tokens: Sequence[TokenLogprob], start: int = 0) -> TextLogprobs:
        """Return the body of core's tokens, the first of which begins at character ``start``."""
        offsets, at = [], start
        for token in tokens:
            offsets.append(at)
            at += len(token.text)
        return cls(
            tokens=[each.text for each in tokens],
            token_logprobs=[each.logprob for each in tokens],
            top_logprobs=[
                {other.text: other.logprob for other in each.alternatives} for each in tokens
            ],
            text_offset=offsets,
        )


class TextChoice(ReplyBody):
    """One continuation, or a part of one."""

    index: int
    text: str
    logprobs: TextLogprobs | None = None
    finish_reason: Finish | None = None


class TextCompletion(SparseBody):
    """Complete replies, or a chunk of a stream. Only the chunk that ends it has usage."""

    id: str
    object: Literal["text_completion"] = "text_completion"
    created: int
    model: str
    choices: list[TextChoice]
    usage: UsageBody | None = None
