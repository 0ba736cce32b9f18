"""Remaining allowance of one request."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from carrel.web.body import MEGABYTE
from carrel.web.fetching import FetchLimits

_TOO_SHORT = 0.05
"""Seconds; less remaining time than this is no time, since a pause may end as early."""


@dataclass(frozen=True, slots=True)
class WebLimits:
    """The limits of the settings, by the same names."""

    max_file_megabytes: float
    max_fetch_seconds: float
    max_crawl_pages: int
    max_crawl_megabytes: float
    max_crawl_seconds: float


class Allowance:
    """Counts what a request uses; the consumer's time is not counted."""

    def __init__(self, limits: WebLimits) -> None:
        self._limits = limits
        self._pages = 0
        self._bytes = 0
        self._seconds = 0.0

    @property
    def seconds_left(self) -> float:
        """The remaining time, at least 0."""
        return max(0.0, self._limits.max_crawl_seconds - self._seconds)

    def exhausted(self) -> str | None:
        """The limit that is reached, in words; None if none is."""
        limits = self._limits
        if self._pages >= limits.max_crawl_pages:
            return f"{limits.max_crawl_pages} addresses were fetched (max_crawl_pages)"
        if self._bytes >= limits.max_crawl_megabytes * MEGABYTE:
            return f"{limits.max_crawl_megabytes:g} MB were fetched (max_crawl_megabytes)"
        if self.seconds_left < _TOO_SHORT:
            return f"{limits.max_crawl_seconds:g} seconds have passed (max_crawl_seconds)"
        return None

    def of_next(self) -> FetchLimits:
        """Return the limits of the next fetch."""
        left = self._limits.max_crawl_megabytes * MEGABYTE - self._bytes
        return FetchLimits(
            min(self._limits.max_file_megabytes * MEGABYTE, left),
            min(self._limits.max_fetch_seconds, self.seconds_left),
        )

    def spend_page(self) -> None:
        """Count one address."""
        self._pages += 1

    def spend_bytes(self, count: int) -> None:
        """Count received bytes."""
        self._bytes += count

    @contextmanager
    def spending_time(self) -> Iterator[None]:
        """Count the time of the block."""
        began = time.monotonic()
        try:
            yield
        finally:
            self._seconds += time.monotonic() - began
