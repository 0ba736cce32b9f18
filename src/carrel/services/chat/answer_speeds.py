"""Recent generation speed per loaded model."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from statistics import median
from threading import Lock

from carrel.core.chat import Finished

ANSWERS = 20
"""Answers kept per model; older ones are irrelevant."""


@dataclass(frozen=True, slots=True)
class AnswerSpeed:
    """Medians of the latest answers: tokens per second after the first, seconds to the first."""

    answers: int
    tokens_per_second: float
    time_to_first_token: float


class AnswerSpeeds:
    """Stores the speeds of the latest answers of each model. Thread-safe."""

    def __init__(self) -> None:
        self._answers: dict[str, deque[tuple[float, float]]] = {}
        self._lock = Lock()

    def add(self, finished: Finished) -> None:
        """Record an answer, unless it is too short to measure."""
        usage = finished.usage
        speed, first = usage.tokens_per_second, usage.time_to_first_token
        if speed is None or first is None:
            return
        with self._lock:
            self._answers.setdefault(finished.model, deque(maxlen=ANSWERS)).append((speed, first))

    def of(self, model: str) -> AnswerSpeed | None:
        """Return the medians of a model; None before its first answer."""
        with self._lock:
            answers = list(self._answers.get(model, ()))
        if not answers:
            return None
        return AnswerSpeed(
            len(answers),
            median(speed for speed, _ in answers),
            median(first for _, first in answers),
        )
