"""Text completion without a chat template, in OpenAI's shape of legacy completions.

Format: https://platform.openai.com/docs/api-reference/completions/create
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from carrel.core.chat import TokenLogprob
from carrel.schemas.body import ReplyBody, RequestBody, Text
from carrel.schemas.chat import LONGEST_STOP_LIST, StopText, StreamOptionsBody, as_list
from carrel.schemas.completions import Finish, SparseBody, UsageBody
from carrel.schemas.refused import refusal, unless
from carrel.schemas.texts import Texts

USUAL_LENGTH = 16
"""In tokens; OpenAI's default, which is shorter than a chat's."""

MOST_CHOICES = 128


class TextCompletionBody(RequestBody):
    """Asks a model to continue one prompt or several.

    ``top_k``, ``repetition_penalty``, ``min_tokens`` and ``max_time`` are the extensions of chat
    completions. Omitted options take the server's settings.
    """

    prompt: Texts
    model: Text | None = None
    max_tokens: int | None = Field(None, ge=1)
    min_tokens: int | None = Field(None, ge=0)
    max_time: float | None = Field(None, gt=0)
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, gt=0, le=1)
    top_k: int | None = Field(None, ge=0)
    repetition_penalty: float | None = Field(None, ge=0.5, le=2)
    seed: int | None = Field(None, ge=-(2**63), lt=2**63)
    stop: Annotated[list[StopText], BeforeValidator(as_list)] = Field(
        default_factory=list, max_length=LONGEST_STOP_LIST
    )
    n: int | None = Field(None, ge=1, le=MOST_CHOICES)
    logprobs: int | None = Field(None, ge=0, le=20)
    echo: bool | None = None
    stream: bool | None = None
    stream_options: StreamOptionsBody | None = None

    suffix: Annotated[Any, unless("")] = None
    best_of: int | None = Field(None, ge=1)
    frequency_penalty: Annotated[Any, unless(0, 0.0)] = None
    presence_penalty: Annotated[Any, unless(0, 0.0)] = None
    logit_bias: Annotated[Any, unless({})] = None

    # It identifies the user and has no effect.
    user: str | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.best_of is not None and self.best_of != self.continuations:
            raise refusal("'best_of' is only supported with the value of 'n'.")
        if self.stream_options is not None and not self.stream:
            raise ValueError("stream_options needs stream=true")
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

    @property
    def include_usage(self) -> bool:
        """Whether a stream ends with token counts."""
        return bool(self.stream_options and self.stream_options.include_usage)


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
