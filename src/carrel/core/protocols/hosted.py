"""Protocol of adapters that run on a server."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


@runtime_checkable
class Hosted(Protocol):
    """An adapter whose work is done by a server."""

    @property
    def host(self) -> str:
        """The server's name or address."""
        ...
