"""Recent generation speed per loaded model."""

from __future__ import annotations

import pytest

from carrel.core.chat import Finished, FinishReason, Usage
from carrel.services.chat.answer_speeds import ANSWERS, AnswerSpeed, AnswerSpeeds


def finished(tokens: int, first: float | None, seconds: float, model: str = "m") -> Finished:
    return Finished(FinishReason.STOP, Usage(10, tokens, first, seconds), model)


def test_the_medians_of_a_model_are_reported() -> None:
    speeds = AnswerSpeeds()
    assert speeds.of("m") is None
    speeds.add(finished(11, 0.5, 1.5))
    speeds.add(finished(21, 0.1, 1.1))
    speeds.add(finished(101, 0.2, 1.2))
    speeds.add(finished(1000, 0.0, 1.0, "another"))
    speed = speeds.of("m")
    assert speed == AnswerSpeed(3, pytest.approx(20), 0.2)


@pytest.mark.parametrize(("tokens", "first"), [(1, 0.1), (0, None), (5, None), (5, 1.0)])
def test_an_answer_that_cannot_be_measured_is_left_out(tokens: int, first: float | None) -> None:
    speeds = AnswerSpeeds()
    speeds.add(finished(tokens, first, 1.0))
    assert speeds.of("m") is None


def test_only_the_latest_answers_count() -> None:
    speeds = AnswerSpeeds()
    for _ in range(ANSWERS):
        speeds.add(finished(11, 0.0, 10.0))
    for _ in range(ANSWERS):
        speeds.add(finished(11, 0.0, 1.0))
    speed = speeds.of("m")
    assert speed is not None
    assert (speed.answers, speed.tokens_per_second) == (ANSWERS, 10)
