"""Limits the number of open connections, and evicts connections when it is reached."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

import structlog

from carrel.core.runtime.system_modules import system_module

MOST_CONNECTIONS = 2_048
"""More than a single-process server can use."""

FILES = 512
"""Descriptors reserved for files, pipes and outgoing connections; at most half of all."""

REMINDER_SECONDS = 60.0
"""Interval of log lines while the server is full."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Timeouts of slow clients in seconds, and the maximum number of connections.

    ``head_seconds`` bounds the whole head of a request, ``body_seconds`` each pause in a body.
    """

    head_seconds: float = 10.0
    body_seconds: float = 30.0
    most: int = MOST_CONNECTIONS


def limits_of_process() -> ConnectionLimits:
    """Raise the process's limit of open files as far as needed, and return fitting limits.

    Windows has no such limit.
    """
    resource = system_module("resource")
    if resource is None:
        return ConnectionLimits()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY:
        return ConnectionLimits()
    return ConnectionLimits(most=max(1, min(MOST_CONNECTIONS, soft - min(FILES, soft // 2))))


class Connection(Protocol):
    """An open connection."""

    def eviction_rank(self, now: float) -> tuple[int, float] | None:
        """Return the eviction priority: the least tuple is closed first, None never is."""
        ...

    def expire(self, now: float) -> None:
        """Close it if its client sends too slowly."""
        ...

    def abort(self) -> None:
        """Close it at once."""
        ...


class OpenConnections:
    """Evicts connections for new ones; times are those of the event loop, in seconds."""

    def __init__(self, limits: ConnectionLimits) -> None:
        self.limits = limits
        self._reminded = float("-inf")

    def accepts(self, others: Collection[Connection], now: float) -> bool:
        """Whether one more fits beside ``others``; one of them is closed if necessary."""
        if len(others) < self.limits.most:
            return True
        if now - self._reminded >= REMINDER_SECONDS:
            self._reminded = now
            log.warning("connections.full", most=self.limits.most)
        ranks = ((each.eviction_rank(now), each) for each in others)
        waiting = [(rank, each) for rank, each in ranks if rank is not None]
        if not waiting:
            return False
        min(waiting, key=lambda pair: pair[0])[1].abort()
        return True
