"""Asking the work on a file to stop."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Event


class Stopped(Exception):
    """Whoever wanted the file does not want it any more, or the server closes."""


@dataclass(slots=True)
class CancellationToken:
    """Asks the work on a file to stop; with ``keep`` what is stored waits to be continued."""

    keep: bool = False
    _asked: Event = field(default_factory=Event)

    def ask(self) -> None:
        """Ask, from any thread."""
        self._asked.set()

    @property
    def asked(self) -> bool:
        """Whether it was asked."""
        return self._asked.is_set()

    def check(self) -> None:
        """Raise ``Stopped`` if it was asked."""
        if self._asked.is_set():
            raise Stopped
