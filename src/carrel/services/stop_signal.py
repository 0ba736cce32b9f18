"""Asking the work on a file to stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event


class Stopped(Exception):
    """Whoever wanted the file does not want it any more, or the server closes."""


@dataclass(slots=True)
class StopSignal:
    """Asks the work on a file to stop; with ``keep`` what is stored waits to be continued."""

    keep: bool = False
    _asked: Event = field(default_factory=Event)
    _actions: list[Callable[[], None]] = field(default_factory=list)

    def ask(self) -> None:
        """Ask, from any thread."""
        self._asked.set()
        for action in list(self._actions):
            action()

    def when_asked(self, action: Callable[[], None]) -> None:
        """Have something done as soon as it is asked, at once if it was; it may be done twice."""
        self._actions.append(action)
        if self._asked.is_set():
            action()

    @property
    def asked(self) -> bool:
        """Whether it was asked."""
        return self._asked.is_set()

    def check(self) -> None:
        """Raise ``Stopped`` if it was asked."""
        if self._asked.is_set():
            raise Stopped
