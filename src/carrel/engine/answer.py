"""One answer while the model writes it: its text, its counts, and whether it is over."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from threading import Event
from typing import Any

import torch
from transformers import StoppingCriteria

from carrel.core.chat import FinishReason, Usage
from carrel.engine.detokenize import Decode, IncrementalDecoder, StopStrings


@dataclass(frozen=True, slots=True)
class AnswerLimits:
    """Where an answer ends. ``max_time`` is in seconds from the model's start on it."""

    end_tokens: Collection[int]
    stop: Sequence[str]
    max_new_tokens: int
    max_time: float | None
    trims_start: bool = False


class Answer:
    """Takes the tokens in turn and hands out the text that may be shown.

    ``accepted`` is the ``time.perf_counter()`` at which the engine took the request.
    """

    def __init__(
        self,
        decode: Decode,
        limits: AnswerLimits,
        show: Callable[[str], None],
        accepted: float,
    ) -> None:
        self._decoder = IncrementalDecoder(decode)
        self._stops = StopStrings(limits.stop)
        self._limits = limits
        self._show = show
        self._accepted = accepted
        self._started = accepted
        self._first_token: float | None = None
        self._bare = limits.trims_start
        self.tokens = 0
        self.reason: FinishReason | None = None

    def start(self) -> None:
        """Start the clock of ``max_time``."""
        self._started = time.perf_counter()

    def push(self, token_id: int) -> None:
        """Take the next token; ``reason`` is set when it was the last."""
        self.tokens += 1
        if self._first_token is None:
            self._first_token = time.perf_counter()
        if token_id in self._limits.end_tokens:
            self._finish(FinishReason.STOP)
            return
        self._emit(self._stops.push(self._decoder.push(token_id)))
        if self._stops.stopped:
            self.reason = FinishReason.STOP
        elif self.tokens >= self._limits.max_new_tokens:
            self._finish(FinishReason.LENGTH)
        elif self._out_of_time():
            self._finish(FinishReason.TIME)

    def usage(self, prompt_tokens: int) -> Usage:
        """Return the counts so far; the token that ended the answer is counted."""
        first = None if self._first_token is None else self._first_token - self._accepted
        return Usage(prompt_tokens, self.tokens, first, time.perf_counter() - self._accepted)

    def _finish(self, reason: FinishReason) -> None:
        self._emit(self._stops.push(self._decoder.flush()))
        self._emit(self._stops.flush())
        self.reason = FinishReason.STOP if self._stops.stopped else reason

    def _emit(self, text: str) -> None:
        if self._bare:
            text = text.lstrip()
        if text:
            self._bare = False
            self._show(text)

    def _out_of_time(self) -> bool:
        limit = self._limits.max_time
        return limit is not None and time.perf_counter() - self._started >= limit


class AnswerCriteria(StoppingCriteria):
    """Feeds every new token of ``generate`` to an answer, and stops when it is over or given up."""

    def __init__(self, answer: Answer, given_up: Event) -> None:
        self._answer = answer
        self._given_up = given_up

    def __call__(self, input_ids: torch.LongTensor, scores: Any, **kwargs: Any) -> torch.BoolTensor:
        # Some devices run one step past the end before they notice: that token is not the answer's.
        if not self._given_up.is_set() and self._answer.reason is None:
            self._answer.push(int(input_ids[0, -1]))
        over = self._given_up.is_set() or self._answer.reason is not None
        return torch.full((1,), over, dtype=torch.bool, device=input_ids.device)  # type: ignore[return-value]
