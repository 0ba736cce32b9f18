"""Cancellation of the work on a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Event


class Stopped(Exception):
    """The file was cancelled, or the server shuts down."""


@dataclass(slots=True)
class CancellationToken:
    """Requests cancellation; with ``keep`` the stored part is kept to be resumed."""

    keep: bool = False
    _asked: Event = field(default_factory=Event)

    def ask(self) -> None:
        """Request cancellation, from any thread."""
        self._asked.set()

    @property
    def asked(self) -> bool:
        """Whether it was requested."""
        return self._asked.is_set()

    def check(self) -> None:
        """Raise ``Stopped`` if it was requested."""
        if self._asked.is_set():
            raise Stopped
