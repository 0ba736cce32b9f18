"""Prompts that were counted and are about to be answered."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock

from carrel.core.chat import Message

MOST_TOKENS = 1_000_000
"""Of all prompts that are kept together; the oldest go first."""


class CountedPrompts:
    """Keeps the tokens of a counted prompt until it is answered, so that it is encoded once.

    A prompt that is counted and never answered, as one that turns out too long, goes when newer
    ones need the room. Safe for several threads.
    """

    def __init__(self, most_tokens: int = MOST_TOKENS) -> None:
        self._most_tokens = most_tokens
        self._tokens = 0
        self._kept: OrderedDict[tuple[Message, ...], list[int]] = OrderedDict()
        self._lock = Lock()

    def put(self, messages: Sequence[Message], tokens: list[int]) -> None:
        """Keep the tokens that the messages become."""
        with self._lock:
            self._drop(tuple(messages))
            self._kept[tuple(messages)] = tokens
            self._tokens += len(tokens)
            while self._tokens > self._most_tokens:
                self._drop(next(iter(self._kept)))

    def take(self, messages: Sequence[Message]) -> list[int] | None:
        """Take out what the messages became, None where they were not counted."""
        with self._lock:
            return self._drop(tuple(messages))

    def _drop(self, messages: tuple[Message, ...]) -> list[int] | None:
        tokens = self._kept.pop(messages, None)
        self._tokens -= len(tokens or ())
        return tokens
