"""Incremental detokenization.

Two things must not be shown: incomplete characters (one character may be spread over several
tokens) and the start of a stop string (which may be spread over several tokens, too).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

REPLACEMENT = "\ufffd"

MOST_UNFINISHED = 3
"""Bytes of an incomplete character; some tokenizers show each as one replacement."""

LONGEST_WAIT = 32
"""Tokens after which bytes that never become a character are shown as they are."""


FEWEST_BEFORE = 8
"""Context tokens of a continuation's first tokens: enough to show some text."""

Decode = Callable[[list[int]], str]
"""Returns the text of tokens, without control tokens."""


def last_tokens(decode: Decode, ids: Sequence[int]) -> list[int]:
    """Return some of the last tokens of a text, starting with a whole character."""
    fewest = max(0, len(ids) - FEWEST_BEFORE)
    for start in range(fewest, max(0, fewest - MOST_UNFINISHED), -1):
        if not decode(list(ids[start:])).startswith(REPLACEMENT):
            return list(ids[start:])
    return list(ids[max(0, fewest - MOST_UNFINISHED) :])


class IncrementalDecoder:
    """Turns tokens into text one by one; the pieces joined are the decoded whole.

    Each step decodes the new tokens together with those of the previous step, and returns what the
    new ones add: many tokenizers drop or add a space depending on the context. Only incomplete
    characters are held back.
    """

    def __init__(self, decode: Decode, before: Sequence[int] = ()) -> None:
        """``before`` are the last tokens of the text that the new ones continue."""
        self._decode = decode
        self._ids = list(before)
        self._context = 0
        self._shown = len(self._ids)
        self._ahead = 0

    def push(self, token_id: int) -> str:
        """Return the text that became certain with this token; often empty."""
        self._ids.append(token_id)
        fresh = self._fresh()
        if not fresh:
            return ""
        certain = fresh.rstrip(REPLACEMENT)
        unfinished = min(len(fresh) - len(certain), MOST_UNFINISHED)
        waiting = len(self._ids) - self._shown
        if not unfinished or waiting >= LONGEST_WAIT:
            self._advance()
            return fresh
        # Some tokenizers show even the characters before an incomplete one as replacements.
        if waiting <= MOST_UNFINISHED:
            return ""
        certain = fresh[:-unfinished]
        self._ahead += len(certain)
        return certain

    def flush(self) -> str:
        """Return the text of tokens that were still held back."""
        fresh = self._fresh()
        self._advance()
        return fresh

    def _fresh(self) -> str:
        """Return the text of the new tokens that was not returned yet."""
        known = self._decode(self._ids[self._context : self._shown])
        return self._decode(self._ids[self._context :])[len(known) + self._ahead :]

    def _advance(self) -> None:
        self._context, self._shown, self._ahead = self._shown, len(self._ids), 0


class StopStrings:
    """Cuts a stream of text at the first complete stop string.

    The result does not depend on how the text is split into pieces: of several stop strings, the
    one that ends first counts, and of those that end together the longest.
    """

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = tuple(stop for stop in stops if stop)
        self._held = ""
        self.stopped = False

    def push(self, text: str) -> str:
        """Return the text that can be shown; empty once a stop string was found."""
        if self.stopped:
            return ""
        self._held += text
        found = [
            (start + len(stop), start)
            for stop in self._stops
            if (start := self._held.find(stop)) >= 0
        ]
        if found:
            self.stopped = True
            shown, self._held = self._held[: min(found)[1]], ""
            return shown
        safe = len(self._held) - self._possible_start()
        shown, self._held = self._held[:safe], self._held[safe:]
        return shown

    def flush(self) -> str:
        """Return what was held back because it could have become a stop string."""
        shown, self._held = self._held, ""
        return shown

    def _possible_start(self) -> int:
        """The length of the longest end of the text that a stop string starts with."""
        longest = max((len(stop) for stop in self._stops), default=1) - 1
        for length in range(min(longest, len(self._held)), 0, -1):
            end = self._held[-length:]
            if any(stop.startswith(end) for stop in self._stops):
                return length
        return 0
