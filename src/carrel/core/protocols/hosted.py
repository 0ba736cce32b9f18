"""What runs on a server that this process connects to."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


@runtime_checkable
class Hosted(Protocol):
    """What a server computes or keeps that this process connects to."""

    @property
    def host(self) -> str:
        """The server's name or address."""
        ...
