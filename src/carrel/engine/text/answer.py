"""State of one answer during generation: text, counts, and whether it has ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from carrel.core.chat import FinishReason, TextDelta, TokenLogprob, Usage
from carrel.engine.text.detokenize import Decode, IncrementalDecoder, StopStrings
from carrel.engine.text.pending_logprobs import PendingLogprobs, without_leading_space

if TYPE_CHECKING:
    from carrel.engine.text.grammar import GrammarMatcher


@dataclass(frozen=True, slots=True)
class AnswerLimits:
    """Where an answer ends. ``max_time`` is in seconds from the model's start on it.

    With a ``grammar`` the answer ends when it is complete; stop strings, which could cut it
    earlier, must not be given. ``before`` are the last tokens of the text that is continued."""

    end_tokens: Collection[int]
    stop: Sequence[str]
    max_new_tokens: int
    max_time: float | None
    trims_start: bool = False
    grammar: GrammarMatcher | None = None
    before: Sequence[int] = ()


class Answer:
    """Takes tokens and returns the text that may be shown.

    The text comes with its tokens, if ``push`` got their log-probabilities, except the token that
    ends the answer and those whose text a stop string cuts off. ``accepted`` is the
    ``time.perf_counter()`` at which the engine took the request.
    """

    def __init__(
        self,
        decode: Decode,
        limits: AnswerLimits,
        show: Callable[[TextDelta], None],
        accepted: float,
    ) -> None:
        self._decoder = IncrementalDecoder(decode, limits.before)
        self._stops = StopStrings(limits.stop)
        self._limits = limits
        self._show = show
        self._accepted = accepted
        self._started = accepted
        self._first_token: float | None = None
        self._bare = limits.trims_start
        self._pending = PendingLogprobs()
        self._decoded = 0
        self._passed = 0
        self.tokens = 0
        self.reason: FinishReason | None = None

    @property
    def is_empty(self) -> bool:
        """Whether the next token is the first, which then drops a leading space."""
        return self.tokens == 0 and not self._limits.before

    def start(self) -> None:
        """Start the clock of ``max_time``."""
        self._started = time.perf_counter()

    def push(self, token_id: int, logprob: TokenLogprob | None = None) -> None:
        """Take the next token; ``reason`` is set if it was the last.

        Raises:
            GenerationFailed: the grammar does not allow it.
        """
        self.tokens += 1
        if self._first_token is None:
            self._first_token = time.perf_counter()
        if token_id in self._limits.end_tokens:
            self._finish(FinishReason.STOP)
            return
        grammar = self._limits.grammar
        if grammar is not None:
            grammar.accept(token_id)
        if logprob is not None:
            self._pending.add(logprob, self._decoded)
        self._take(self._decoder.push(token_id))
        if self._stops.stopped:
            self.reason = FinishReason.STOP
        elif grammar is not None and grammar.finished:
            self._finish(FinishReason.STOP)
        elif self.tokens >= self._limits.max_new_tokens:
            self._finish(FinishReason.LENGTH)
        elif self._out_of_time():
            self._finish(FinishReason.TIME)

    def usage(self, prompt_tokens: int) -> Usage:
        """Return the counts so far; the token that ended the answer is counted."""
        first = None if self._first_token is None else self._first_token - self._accepted
        return Usage(prompt_tokens, self.tokens, first, time.perf_counter() - self._accepted)

    def _finish(self, reason: FinishReason) -> None:
        self._take(self._decoder.flush())
        held = self._stops.flush()
        self._passed += len(held)
        # Tokens without text at the end belong after all text.
        tokens = self._pending.before(self._passed) if self._stops.stopped else self._pending.rest()
        self._emit(held, tokens)
        self.reason = FinishReason.STOP if self._stops.stopped else reason

    def _take(self, decoded: str) -> None:
        self._decoded += len(decoded)
        text = self._stops.push(decoded)
        self._passed += len(text)
        self._emit(text, self._pending.before(self._passed))

    def _emit(self, text: str, tokens: tuple[TokenLogprob, ...]) -> None:
        if self._bare:
            text = text.lstrip()
            tokens = without_leading_space(tokens)
            self._bare = not text
        if text or tokens:
            self._show(TextDelta(text, tokens))

    def _out_of_time(self) -> bool:
        limit = self._limits.max_time
        return limit is not None and time.perf_counter() - self._started >= limit
