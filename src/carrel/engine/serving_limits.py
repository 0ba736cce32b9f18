"""Limits of one served model."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServingLimits:
    """Concurrent and waiting requests, and GiB for keys and values.

    ``cache_memory`` None takes a share of the free memory.
    """

    max_batch: int = 32
    max_waiting: int = 64
    cache_memory: float | None = None
