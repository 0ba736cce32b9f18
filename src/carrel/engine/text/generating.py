"""Logits processors and stopping criteria for transformers' ``generate``."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Event
from typing import Any

import torch
from transformers import LogitsProcessor, StoppingCriteria

from carrel.engine.text.answer import Answer
from carrel.engine.text.grammar import GrammarMatcher
from carrel.engine.text.logprobs import token_logprob
from carrel.engine.text.token_bytes import TokenBytes


class RawScores(LogitsProcessor):
    """Keeps the model's original scores; must be the first of the processors."""

    def __init__(self) -> None:
        self.row = torch.empty(0)

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        self.row = scores[0].clone()
        return scores


class GrammarMask(LogitsProcessor):
    """Rules out the tokens that the grammar does not allow next."""

    def __init__(self, matcher: GrammarMatcher) -> None:
        self._matcher = matcher

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        masked = scores.clone()
        self._matcher.mask(masked)
        return masked  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class LogprobSource:
    """Makes the log-probabilities of each token, with those of ``alternatives`` others."""

    raw: RawScores
    alternatives: int
    token_bytes: TokenBytes


class AnswerCriteria(StoppingCriteria):
    """Feeds every new token of ``generate`` to an answer, and stops at its end."""

    def __init__(
        self, answer: Answer, given_up: Event, logprobs: LogprobSource | None = None
    ) -> None:
        self._answer = answer
        self._given_up = given_up
        self._logprobs = logprobs

    def __call__(self, input_ids: torch.LongTensor, scores: Any, **kwargs: Any) -> torch.BoolTensor:
        # Some devices run one step past the end before they notice: that token is not part of it.
        if not self._given_up.is_set() and self._answer.reason is None:
            self._push(int(input_ids[0, -1]))
        over = self._given_up.is_set() or self._answer.reason is not None
        return torch.full((1,), over, dtype=torch.bool, device=input_ids.device)  # type: ignore[return-value]

    def _push(self, token_id: int) -> None:
        source = self._logprobs
        if source is None:
            self._answer.push(token_id)
            return
        logprob = token_logprob(
            source.raw.row,
            token_id,
            source.alternatives,
            source.token_bytes,
            first=self._answer.is_empty,
        )
        self._answer.push(token_id, logprob)
