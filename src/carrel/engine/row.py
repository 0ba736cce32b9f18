"""One request on its way through the batch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event

from transformers import LogitsProcessorList

from carrel.engine.answer import Answer


def _nobody_listens(position: int) -> None:
    pass


@dataclass(eq=False, slots=True)
class Row:
    """A prompt, what was written after it, and where it stands.

    ``tokens`` is the prompt and the answer so far; of these, the keys and values of the first
    ``cached`` are in the row's slot. ``most_tokens`` is the longest that prompt and answer can
    become. An ``alone`` row is never computed together with others, so that its numbers, and with
    them its text, do not depend on who else is served. ``ended`` is called once, with the error if
    there is one, and ``moved`` with each new place in line, counted from 1.
    """

    tokens: list[int]
    answer: Answer
    processors: LogitsProcessorList
    most_tokens: int
    ended: Callable[[Exception | None], None]
    adapter: str | None = None
    caller: str = ""
    alone: bool = False
    given_up: Event = field(default_factory=Event)
    moved: Callable[[int], None] = _nobody_listens
    cached: int = 0
    position: int | None = None

    @property
    def remaining(self) -> int:
        """How many tokens have to be computed before the next one can be chosen."""
        return len(self.tokens) - self.cached

    @property
    def over(self) -> bool:
        """Whether nothing has to be computed for it any more."""
        return self.answer.reason is not None or self.given_up.is_set()

    def stand_at(self, position: int) -> None:
        """Tell whoever waits for the answer where it stands in line, if that is new."""
        if position != self.position:
            self.position = position
            self.moved(position)
