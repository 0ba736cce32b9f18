"""Limits of one request."""

from __future__ import annotations

from carrel.core.errors import QueryTooLong, TooManyMessages

MOST_MESSAGES = 1_000
"""Maximum messages of one request."""

MOST_SAVED_MESSAGES = 10_000
"""Maximum messages of a chat file, those of all versions included."""

LONGEST_QUERY = 8_000
"""Maximum length of a query in characters; an embedder reads the first 2,000 or so."""


def require_few_messages(count: int, most: int = MOST_MESSAGES) -> None:
    """Check the number of messages.

    Raises:
        TooManyMessages: more than ``most``.
    """
    if count > most:
        raise TooManyMessages(
            f"There are {count} messages, and {most:,} are the most: leave out the oldest."
        )


def require_short_query(query: str) -> None:
    """Check the length of a query.

    Raises:
        QueryTooLong: it has more than ``LONGEST_QUERY`` characters.
    """
    if len(query) > LONGEST_QUERY:
        raise QueryTooLong(
            f"The query has {len(query)} characters, and {LONGEST_QUERY:,} are the most: shorten "
            "it, or add a longer text as a document."
        )
