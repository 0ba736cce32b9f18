"""State of a comparison."""

from __future__ import annotations

from dataclasses import dataclass, field

from carrel.core.chat import SamplingParams
from carrel.services.arena.comparing import AnswerEnded, ComparedEvent, Comparison
from carrel.ui.state.errors import describe
from carrel.ui.state.exchange import Exchange


@dataclass(slots=True)
class ComparedAnswer:
    """One column: the model and its answer; ``ended`` once it is complete."""

    model: str
    sampling: SamplingParams
    exchange: Exchange
    ended: bool = False

    def apply(self, event: ComparedEvent) -> None:
        """Process the next event of the answer."""
        if not isinstance(event, AnswerEnded):
            self.exchange.apply(event)
            return
        self.ended = True
        if event.error is not None:
            self.exchange.fail(describe(event.error))
        elif event.stopped:
            self.exchange.stop()

    @property
    def is_whole(self) -> bool:
        """Whether the answer is complete."""
        exchange = self.exchange
        return self.ended and bool(exchange.text) and not (exchange.error or exchange.stopped)


@dataclass(slots=True)
class Compared:
    """The columns of one question. ``blind`` hides the names until ``revealed``."""

    question: str
    answers: list[ComparedAnswer]
    comparison: Comparison
    blind: bool = False
    voted: str | None = field(default=None)

    @property
    def ended(self) -> bool:
        """Whether all answers have ended."""
        return all(each.ended for each in self.answers)

    @property
    def can_vote(self) -> bool:
        """Whether the vote bar is due: all answers are complete, and there is no vote yet."""
        return self.blind and self.voted is None and all(each.is_whole for each in self.answers)

    @property
    def revealed(self) -> bool:
        """Whether the names may be shown: after the vote, or if there is nothing to vote on."""
        return not self.blind or self.voted is not None or (self.ended and not self.can_vote)

    def answer(self, identity: str) -> ComparedAnswer | None:
        """Return the column of a button; None if the id is invalid."""
        if not identity.isascii() or not identity.isdigit() or len(identity) > 2:
            return None
        index = int(identity)
        return self.answers[index] if index < len(self.answers) else None
