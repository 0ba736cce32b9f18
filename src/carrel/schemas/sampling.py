"""Options of every request that generates text, in OpenAI's shape."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from carrel.schemas.body import RequestBody, Text
from carrel.schemas.refused import unless

LONGEST_STOP_LIST = 4

StopText = Annotated[Text, Field(min_length=1)]


def as_list(stop: Any) -> Any:
    """Turn one stop text into a list of one, and null into none."""
    if stop is None:
        return []
    return [stop] if isinstance(stop, str) else stop


class StreamOptionsBody(RequestBody):
    """Additional content of a stream."""

    include_usage: bool | None = None

    include_obfuscation: Annotated[Any, unless(False)] = None


class SamplingBody(RequestBody):
    """Sampling; omitted options take the server's settings.

    ``top_k`` and ``repetition_penalty`` are extensions that other local servers share.
    """

    max_tokens: int | None = Field(None, ge=1)
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, gt=0, le=1)
    top_k: int | None = Field(None, ge=0)
    repetition_penalty: float | None = Field(None, ge=0.5, le=2)
    seed: int | None = Field(None, ge=-(2**63), lt=2**63)


class GenerationBody(SamplingBody):
    """Sampling, ends and streaming of one request."""

    min_tokens: int | None = Field(None, ge=0)
    max_time: float | None = Field(None, gt=0)
    stop: Annotated[list[StopText], BeforeValidator(as_list)] = Field(
        default_factory=list, max_length=LONGEST_STOP_LIST
    )
    stream: bool | None = None
    stream_options: StreamOptionsBody | None = None

    # It identifies the user; no answer depends on it.
    user: str | None = None

    @property
    def include_usage(self) -> bool:
        """Whether a stream ends with token counts."""
        return bool(self.stream_options and self.stream_options.include_usage)

    def _require_stream(self) -> None:
        """Check ``stream_options``, for a validator."""
        if self.stream_options is not None and not self.stream:
            raise ValueError("stream_options needs stream=true")


class RefusedPenalties(RequestBody):
    """Options of OpenAI's that change scores and no engine supports; see ``unless``."""

    frequency_penalty: Annotated[Any, unless(0, 0.0)] = None
    presence_penalty: Annotated[Any, unless(0, 0.0)] = None
    logit_bias: Annotated[Any, unless({})] = None
