"""How much one request may ask for, whichever way it comes in."""

from __future__ import annotations

from carrel.core.errors import QueryTooLong, TooManyMessages

MOST_MESSAGES = 1_000
"""Messages of one request."""

MOST_SAVED_MESSAGES = 10_000
"""Messages of a chat that is read from a file, with those of all its versions."""

LONGEST_QUERY = 8_000
"""Characters of what is searched for; an embedder reads the first 2,000 or so."""


def require_few_messages(count: int, most: int = MOST_MESSAGES) -> None:
    """Check how many messages there are.

    Raises:
        TooManyMessages: more than ``most``.
    """
    if count > most:
        raise TooManyMessages(
            f"There are {count} messages, and {most:,} are the most: leave out the oldest."
        )


def require_short_query(query: str) -> None:
    """Check the length of what is searched for.

    Raises:
        QueryTooLong: it has more than ``LONGEST_QUERY`` characters.
    """
    if len(query) > LONGEST_QUERY:
        raise QueryTooLong(
            f"The query has {len(query)} characters, and {LONGEST_QUERY:,} are the most: shorten "
            "it, or add a longer text as a document."
        )
