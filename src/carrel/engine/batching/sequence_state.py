"""State of one request in the batch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event

import torch
from transformers import LogitsProcessorList

from carrel.core.chat import TokenLogprob
from carrel.core.errors import CarrelError, GenerationFailed
from carrel.engine.source import first_line
from carrel.engine.text.answer import Answer
from carrel.engine.text.input_processor import Prepared
from carrel.engine.text.logprobs import token_logprob


def _nobody_listens(position: int) -> None:
    pass


@dataclass(eq=False, slots=True)
class SequenceState:
    """A prompt, its answer so far, and its position in the queue.

    ``tokens`` is the prompt and the answer so far; the keys and values of the first ``cached`` are
    in the row's slot. An ``alone`` row is never computed together with others, so that its numbers,
    and thus its text, do not depend on other requests. ``ended`` is called once, with the error if
    there is one, and ``moved`` with each new position in the queue, from 1.
    """

    prepared: Prepared
    answer: Answer
    processors: LogitsProcessorList
    ended: Callable[[Exception | None], None]
    moved: Callable[[int], None] = _nobody_listens
    adapter: str | None = None
    caller: str = ""
    given_up: Event = field(default_factory=Event)
    error: CarrelError | None = None
    tokens: list[int] = field(init=False)
    cached: int = 0
    position: int | None = None

    def __post_init__(self) -> None:
        self.tokens = list(self.prepared.tokens)

    @property
    def alone(self) -> bool:
        """Whether it must not be batched: a seed promises reproducible text."""
        return self.prepared.sampling.seed is not None

    @property
    def most_tokens(self) -> int:
        """The maximum length of prompt and answer."""
        return len(self.prepared.tokens) + self.prepared.limits.max_new_tokens

    @property
    def remaining(self) -> int:
        """The number of tokens to compute before the next one can be chosen."""
        return len(self.tokens) - self.cached

    @property
    def over(self) -> bool:
        """Whether nothing has to be computed for it any more."""
        ended = self.answer.reason is not None or self.error is not None
        return ended or self.given_up.is_set()

    def set_position(self, position: int) -> None:
        """Report a changed position in the queue."""
        if position != self.position:
            self.position = position
            self.moved(position)

    def take(self, scores: torch.Tensor, likeliest: int) -> None:
        """Choose the next token from its scores, [vocabulary], of which the largest is known.

        Errors here affect this row only: it ends with the ``error``.
        """
        try:
            token = self._chosen(scores) if self.processors else likeliest
            self.tokens.append(token)
            if not self.over:
                self.answer.push(token, self._logprob(scores, token))
        except CarrelError as error:
            self.error = error
        # Processors of this request's parameters, and its tokens' text, may raise anything.
        except Exception as error:  # noqa: BLE001
            self.error = GenerationFailed(f"The answer cannot be continued: {first_line(error)}.")

    def _chosen(self, scores: torch.Tensor) -> int:
        ids = torch.tensor([self.tokens], device=scores.device)
        # Processors may work in place; log-probabilities are those of the original scores.
        own = scores if self.prepared.token_bytes is None else scores.clone()
        processed = self.processors(ids, own[None])  # type: ignore[arg-type]
        return int(processed.argmax(dim=-1))

    def _logprob(self, scores: torch.Tensor, token: int) -> TokenLogprob | None:
        alternatives, token_bytes = self.prepared.sampling.top_logprobs, self.prepared.token_bytes
        if alternatives is None or token_bytes is None:
            return None
        first = self.answer.is_empty
        return token_logprob(scores, token, alternatives, token_bytes, first=first)
