"""Scores answers, or logs why there is no score."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from carrel.core.chat import AnswerScored, Message
from carrel.core.errors import CarrelError
from carrel.core.log_reason import log_reason
from carrel.core.protocols.scoring import ResponseScorer

log = structlog.get_logger()


class AnswerScoring:
    """Calls a reward model with a timeout of ``seconds``.

    A score is optional: a failure must not affect the answer.
    """

    def __init__(self, scorer: ResponseScorer, seconds: float) -> None:
        self._scorer = scorer
        self._seconds = seconds

    async def score(self, messages: Sequence[Message], answer: str) -> AnswerScored | None:
        """Return the score; None if it failed, took too long, or there is no answer."""
        if not answer.strip():
            return None
        try:
            async with asyncio.timeout(self._seconds):
                score = await self._scorer.score(messages, answer)
        except TimeoutError:
            self._log(f"it took longer than score_seconds, {self._seconds:g} s")
        except CarrelError as error:
            self._log(log_reason(error))
        else:
            return AnswerScored(score, self._scorer.name)
        return None

    def _log(self, reason: str) -> None:
        log.warning("answer not scored", score_model=self._scorer.name, reason=reason)
