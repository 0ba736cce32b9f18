"""Tokens of an answer, told together with the text that they stand for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from carrel.core.chat import TokenLogprob


class PendingLogprobs:
    """Holds tokens back until the text that they stand for is shown.

    Places are counted in characters of the decoded text, which has what a stop string cuts away
    later, too.
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
        """Return, once, the tokens that begin before the ``place``."""
        told = tuple(token for start, token in self._waiting if start < place)
        self._waiting = self._waiting[len(told) :]
        return told

    def rest(self) -> tuple[TokenLogprob, ...]:
        """Return what is left."""
        told, self._waiting = tuple(token for _, token in self._waiting), []
        return told


def without_leading_space(tokens: Sequence[TokenLogprob]) -> tuple[TokenLogprob, ...]:
    """Return the tokens of a text whose leading white space was taken away."""
    for position, token in enumerate(tokens):
        content = token.content.lstrip()
        if content:
            text = content.decode(errors="replace")
            return (replace(token, text=text, content=content), *tokens[position + 1 :])
    return ()
