"""Request validation shared by all engines."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from carrel.core.chat import Message, ModelInfo, Role, SamplingParams
from carrel.core.errors import InvalidRequest, UnsupportedParameter

MOST_ALTERNATIVES = 20
"""Maximum ``top_logprobs``, as OpenAI's."""

OPTIONAL = ("response_format", "top_logprobs", "tools")
"""Sampling parameters that not every engine supports; None means unset."""


def refuse_impossible(messages: Sequence[Message], sampling: SamplingParams) -> None:
    """Check what no engine supports.

    Raises:
        InvalidRequest: there is no message, an unfinished one is not the assistant's last, or a
        sampling parameter is out of its bounds.
        UnsupportedParameter: a JSON answer is combined with other ends or a continuation.
    """
    if not messages:
        raise InvalidRequest("The list of messages is empty: send at least one message.")
    if len(messages) > 1 and any(each.role is Role.PROMPT for each in messages):
        raise InvalidRequest("A prompt without a template must be the only message.")
    _refuse_unfinished(messages, sampling)
    problems = {
        "max_new_tokens must be at least 1": sampling.max_new_tokens < 1,
        "min_new_tokens must not be negative": sampling.min_new_tokens < 0,
        "temperature must not be negative": sampling.temperature < 0,
        "top_p must be above 0 and at most 1": not 0 < sampling.top_p <= 1,
        "top_k must not be negative": sampling.top_k < 0,
        "repetition_penalty must be above 0": sampling.repetition_penalty <= 0,
        "stop strings must not be empty": "" in sampling.stop,
        "max_time must be above 0 seconds": sampling.max_time is not None
        and sampling.max_time <= 0,
        "top_logprobs must be between 0 and 20": sampling.top_logprobs is not None
        and not 0 <= sampling.top_logprobs <= MOST_ALTERNATIVES,
    }
    for problem, present in problems.items():
        if present:
            raise InvalidRequest(f"A sampling parameter is out of bounds: {problem}.")
    forced = sampling.tools is not None and sampling.tools.required
    if forced and sampling.response_format is not None:
        raise UnsupportedParameter(
            "response_format cannot be combined with a required tool call: remove one of them."
        )
    if sampling.response_format is None and not forced:
        return
    for name, given in {"stop": sampling.stop, "min_new_tokens": sampling.min_new_tokens}.items():
        if given:
            raise UnsupportedParameter(
                f"{name} cannot be combined with response_format or a tool that has to be "
                "called, which determine where the answer ends: remove it."
            )


def _refuse_unfinished(messages: Sequence[Message], sampling: SamplingParams) -> None:
    *before, last = messages
    if any(each.unfinished for each in before) or (
        last.unfinished and (last.role is not Role.ASSISTANT or last.tool_calls or not before)
    ):
        raise InvalidRequest(
            "Only the assistant's text at the end of a conversation can be continued: send it as "
            "the last message, behind the question."
        )
    if not last.unfinished:
        return
    for name in ("response_format", "tools"):
        if getattr(sampling, name) is not None:
            raise UnsupportedParameter(
                f"{name} cannot be used for the rest of an answer: remove it, or ask again."
            )


def refuse_continuing(messages: Sequence[Message], info: ModelInfo) -> None:
    """Refuse to continue an unfinished answer if the engine cannot.

    Raises:
        UnsupportedParameter: with the engine's name.
    """
    if messages[-1].unfinished and not info.continues:
        raise UnsupportedParameter(
            f"The {info.engine} engine of {info.name} cannot continue an answer: ask the question "
            "again or choose another model."
        )


def refuse_unsupported(
    sampling: SamplingParams, info: ModelInfo, honoured: Collection[str] = ()
) -> None:
    """Refuse the optional parameters that were set but are not ``honoured``.

    Raises:
        UnsupportedParameter: with the parameters' names and the engine's.
    """
    asked = [name for name in OPTIONAL if getattr(sampling, name) is not None]
    refused = [name for name in asked if name not in honoured]
    if refused:
        raise UnsupportedParameter(
            f"{', '.join(refused)} cannot be used with the {info.engine} engine of {info.name}: "
            "remove it or choose another model."
        )
