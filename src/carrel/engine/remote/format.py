"""Structured output and log-probabilities of a remote server, in OpenAI's shapes.

Servers may ignore unknown options; this must be detected.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from carrel.core.chat import FinishReason, JsonFormat, SamplingParams, TokenLogprob
from carrel.core.errors import GenerationFailed, UnsupportedParameter

JSON_STARTS = '{["-0123456789tfn'


def format_options(sampling: SamplingParams) -> dict[str, Any]:
    """Return the request options for JSON and log-probabilities."""
    options: dict[str, Any] = {}
    if sampling.response_format is not None:
        options["response_format"] = _wire_format(sampling.response_format)
    if sampling.top_logprobs is not None:
        options |= {"logprobs": True, "top_logprobs": sampling.top_logprobs}
    return options


def _wire_format(wanted: JsonFormat) -> dict[str, Any]:
    if wanted.schema is None:
        return {"type": "json_object"}
    schema = {"name": "answer", "schema": dict(wanted.schema), "strict": True}
    return {"type": "json_schema", "json_schema": schema}


def read_logprobs(choice: dict[str, Any]) -> tuple[TokenLogprob, ...]:
    """Return the tokens of a chunk's choice.

    Raises:
        AttributeError, KeyError, TypeError, ValueError: they are in another shape.
    """
    content = (choice.get("logprobs") or {}).get("content") or ()
    return tuple(_token(each, each.get("top_logprobs") or ()) for each in content)


def _token(entry: dict[str, Any], others: Sequence[dict[str, Any]] = ()) -> TokenLogprob:
    text = str(entry["token"])
    given = entry.get("bytes")
    content = text.encode() if given is None else bytes(given)
    alternatives = tuple(_token(each) for each in others)
    return TokenLogprob(text, content, float(entry["logprob"]), alternatives)


class FormatCheck:
    """Detects a server that ignored the options of ``format_options``."""

    def __init__(self, sampling: SamplingParams, base_url: str) -> None:
        self._wanted = sampling.response_format
        self._wants_tokens = sampling.top_logprobs is not None
        self._base_url = base_url
        self._text = ""
        self._has_tokens = False

    def take(self, text: str, tokens: Sequence[TokenLogprob]) -> None:
        """Check the next text of the answer, before it is shown.

        Raises:
            UnsupportedParameter: it comes without the requested tokens, or is not JSON.
        """
        begins = not self._text.strip()
        self._has_tokens = self._has_tokens or bool(tokens)
        self._text += text
        if text and self._wants_tokens and not self._has_tokens:
            raise self._ignored("top_logprobs")
        start = self._text.lstrip()[:1]
        if self._wanted is not None and begins and start and start not in JSON_STARTS:
            raise self._ignored("response_format")

    def end(self, reason: FinishReason | None) -> None:
        """Check the whole answer, unless it was cut off.

        Raises:
            GenerationFailed: it is not the requested JSON.
        """
        if self._wanted is None or reason is not FinishReason.STOP:
            return
        try:
            value = json.loads(self._text)
        except ValueError as error:
            raise self._not_kept("it is not JSON") from error
        if self._wanted.schema is None and not isinstance(value, dict):
            raise self._not_kept("it is not a JSON object")

    def _ignored(self, option: str) -> UnsupportedParameter:
        return UnsupportedParameter(
            f"{option} cannot be used: the inference server {self._base_url} ignores it. "
            "Remove it or choose another model."
        )

    def _not_kept(self, problem: str) -> GenerationFailed:
        return GenerationFailed(
            f"The inference server {self._base_url} did not keep its answer to response_format: "
            f"{problem}."
        )
