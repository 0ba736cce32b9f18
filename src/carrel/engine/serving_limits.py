"""How much one model serves at once."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServingLimits:
    """How many requests one model answers at once and lets wait, and GiB for keys and values.

    ``cache_memory`` None takes a share of what is free.
    """

    max_batch: int = 32
    max_waiting: int = 64
    cache_memory: float | None = None
