"""Cache of prompts between counting and answering."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock

from carrel.core.chat import Message

MOST_TOKENS = 1_000_000
"""Maximum tokens of all cached prompts together; the oldest are dropped."""


class CountedPrompts:
    """Keeps the tokens of a counted prompt until it is answered, so that it is encoded once.

    A prompt that is counted but never answered, because it is too long, is dropped when newer
    ones need the space. Thread-safe.
    """

    def __init__(self, most_tokens: int = MOST_TOKENS) -> None:
        self._most_tokens = most_tokens
        self._tokens = 0
        self._kept: OrderedDict[tuple[Message, ...], list[int]] = OrderedDict()
        self._lock = Lock()

    def put(self, messages: Sequence[Message], tokens: list[int]) -> None:
        """Store the tokens of the messages."""
        with self._lock:
            self._drop(tuple(messages))
            self._kept[tuple(messages)] = tokens
            self._tokens += len(tokens)
            while self._tokens > self._most_tokens:
                self._drop(next(iter(self._kept)))

    def take(self, messages: Sequence[Message]) -> list[int] | None:
        """Remove and return the tokens of the messages, None if they were not counted."""
        with self._lock:
            return self._drop(tuple(messages))

    def _drop(self, messages: tuple[Message, ...]) -> list[int] | None:
        tokens = self._kept.pop(messages, None)
        self._tokens -= len(tokens or ())
        return tokens
