"""Prefix cache: keys and values of finished sequences for later requests."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from carrel.engine.batching.slot_cache import Segment

LEAST_TOKENS = 16
"""Shorter common prefixes are computed again: copying would hardly be faster."""


@dataclass(frozen=True, slots=True)
class _Entry:
    adapter: str | None
    tokens: tuple[int, ...]
    segment: Segment


def common_length(one: Sequence[int], other: Sequence[int]) -> int:
    """Return the length of the common prefix of two sequences."""
    shorter = min(len(one), len(other))
    if one[:shorter] == other[:shorter]:
        return shorter
    low, high = 0, shorter
    while high - low > 1:
        middle = (low + high) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle
    return low


class PrefixCache:
    """Least-recently-used prefixes, up to a number of tokens in total."""

    def __init__(self, most_tokens: int) -> None:
        self._most_tokens = most_tokens
        self._entries: OrderedDict[int, _Entry] = OrderedDict()
        self._keys = count()

    @property
    def tokens(self) -> int:
        """The number of cached tokens."""
        return sum(len(entry.tokens) for entry in self._entries.values())

    def find(self, tokens: Sequence[int], adapter: str | None) -> tuple[Segment, int] | None:
        """Return the entry with the longest common prefix, and that prefix's length.

        The last token is always computed: its scores choose the next one.
        """
        wanted = tuple(tokens[:-1])
        best_key, best = None, LEAST_TOKENS - 1
        for key, entry in self._entries.items():
            if entry.adapter == adapter:
                length = common_length(entry.tokens, wanted)
                if length > best:
                    best_key, best = key, length
        if best_key is None:
            return None
        self._entries.move_to_end(best_key)
        return self._entries[best_key].segment, best

    def would_keep(self, tokens: int) -> bool:
        """Whether a sequence of this length is worth caching."""
        return LEAST_TOKENS <= tokens <= self._most_tokens

    def keep(self, tokens: Sequence[int], adapter: str | None, segment: Segment) -> None:
        """Add a sequence; its own prefixes are dropped."""
        kept = tuple(tokens)
        for key, entry in list(self._entries.items()):
            if entry.adapter == adapter and kept[: len(entry.tokens)] == entry.tokens:
                del self._entries[key]
        self._entries[next(self._keys)] = _Entry(adapter, kept, segment)
        while self.tokens > self._most_tokens:
            self._entries.popitem(last=False)

    def forget(self, adapter: str | None) -> None:
        """Drop what was computed with an adapter."""
        for key, entry in list(self._entries.items()):
            if entry.adapter == adapter:
                del self._entries[key]

    def clear(self) -> None:
        """Drop everything."""
        self._entries.clear()
