"""From token ids to text while the answer is being written.

Two things must not reach the reader: half a character (one character may be spread over several
tokens) and the start of a stop string (which may be spread over several tokens, too).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

REPLACEMENT = "\ufffd"
MOST_BYTES_OF_A_CHARACTER = 4


Decode = Callable[[list[int]], str]
"""Returns the text of tokens, without control tokens."""


class IncrementalDecoder:
    """Turns tokens into text one by one; joined, the pieces are the decoded whole.

    Each step decodes the new tokens together with the ones of the step before, and returns what
    the new ones add: many tokenizers drop or add a space depending on what stands before.
    """

    def __init__(self, decode: Decode) -> None:
        self._decode = decode
        self._ids: list[int] = []
        self._context = 0
        self._shown = 0

    def push(self, token_id: int) -> str:
        """Return the text that became certain with this token; often empty."""
        self._ids.append(token_id)
        known, text = self._decoded()
        unfinished = text.endswith(REPLACEMENT)
        waiting = len(self._ids) - self._shown
        if len(text) <= len(known) or (unfinished and waiting < MOST_BYTES_OF_A_CHARACTER):
            return ""
        self._context, self._shown = self._shown, len(self._ids)
        return text[len(known) :]

    def flush(self) -> str:
        """Return the text of tokens that were still held back."""
        known, text = self._decoded()
        self._context = self._shown = len(self._ids)
        return text[len(known) :]

    def _decoded(self) -> tuple[str, str]:
        return (
            self._decode(self._ids[self._context : self._shown]),
            self._decode(self._ids[self._context :]),
        )


class StopStrings:
    """Cuts a stream of text at the first stop string that is complete.

    The result does not depend on how the text is cut into pieces: of several stop strings, the one
    that ends first counts, and of those that end together the longest.
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
