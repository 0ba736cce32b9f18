"""When a request that was refused is sent again."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from carrel.client.call import Call
from carrel.client.retry_after import retry_after

RETRIES = 2
FIRST_SECONDS = 0.5
"""The first wait where the server names none; every further one is twice as long."""
LONGEST_SECONDS = 30.0
"""A server that wants more than this is not waited for: the caller learns of it at once."""
TOO_MANY, UNAVAILABLE = 429, 503


class Tries:
    """How often one call was sent, and whether it may be sent again."""

    def __init__(self, call: Call[Any], retries: int) -> None:
        """Take how often the call is sent again at most."""
        self._call = call
        self._retries = retries
        self._made = 0

    def wait(self, status: int, headers: Mapping[str, str]) -> float | None:
        """Return the seconds after which to send the call again, or None where its reply stands.

        What changes something is sent again only when the server says that it refused it before
        it began: with 429, or with a time to come back.
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
        # Clients that were refused together do not come back together.
        return seconds + random.uniform(0, backoff / 2)
