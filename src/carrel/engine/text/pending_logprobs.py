"""Log-probabilities that wait for their text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from carrel.core.chat import TokenLogprob


class PendingLogprobs:
    """Holds tokens back until their text is shown.

    Positions count characters of the decoded text, which includes what a stop string cuts off
    later.
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[int, TokenLogprob]] = []
        self._decoded = 0
        self._undecoded = b""

    def add(self, token: TokenLogprob, decoded: int) -> None:
        """Take the next token; so many characters were certain before it."""
        if decoded != self._decoded:
            self._decoded, self._undecoded = decoded, b""
        self._waiting.append((decoded + len(self._undecoded.decode(errors="ignore")), token))
        self._undecoded += token.content

    def before(self, place: int) -> tuple[TokenLogprob, ...]:
        """Return, once, the tokens that begin before the position ``place``."""
        shown = tuple(token for start, token in self._waiting if start < place)
        self._waiting = self._waiting[len(shown) :]
        return shown

    def rest(self) -> tuple[TokenLogprob, ...]:
        """Return what is left."""
        shown, self._waiting = tuple(token for _, token in self._waiting), []
        return shown


def without_leading_space(tokens: Sequence[TokenLogprob]) -> tuple[TokenLogprob, ...]:
    """Return the tokens of a text whose leading white space was removed."""
    for position, token in enumerate(tokens):
        content = token.content.lstrip()
        if content:
            text = content.decode(errors="replace")
            return (replace(token, text=text, content=content), *tokens[position + 1 :])
    return ()
