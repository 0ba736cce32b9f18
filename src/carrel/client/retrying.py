"""Retry policy."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from carrel.client.call import Call
from carrel.client.retry_after import retry_after

RETRIES = 2
FIRST_SECONDS = 0.5
"""The first delay if the server names none; every further one is twice as long."""
LONGEST_SECONDS = 30.0
"""A longer ``Retry-After`` is not waited for: the error is raised at once."""
TOO_MANY, UNAVAILABLE = 429, 503


class Tries:
    """How often one call was sent, and whether it may be retried."""

    def __init__(self, call: Call[Any], retries: int) -> None:
        """Take the maximum number of retries."""
        self._call = call
        self._retries = retries
        self._made = 0

    def wait(self, status: int, headers: Mapping[str, str]) -> float | None:
        """Return the delay in seconds before a retry, or None if there is none.

        Changes are only retried if the server refused them before it began: with 429, or with a
        ``Retry-After``.
        """
        asked = retry_after(headers)
        refused = status == TOO_MANY or (
            status == UNAVAILABLE and (self._call.only_reads or asked is not None)
        )
        if not refused or self._call.tells_state or self._made >= self._retries:
            return None
        backoff = FIRST_SECONDS * 2**self._made
        self._made += 1
        seconds = backoff if asked is None else asked
        if seconds > LONGEST_SECONDS:
            return None
        # Jitter, so that clients that were refused together do not return together.
        return seconds + random.uniform(0, backoff / 2)
