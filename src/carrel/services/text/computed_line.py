"""The line of an answer that is computed from rows of a table. Pure functions."""

from __future__ import annotations

import re

_HOW = re.compile(
    r"[-\d.,]+(?: %)? \((?:(?:sum|average) of .+ over \d+ rows|rows(?: of the table| with .+)?"
    r"|different values of .+|.*\d.* less .*\d.*|[-\d.,]+ of [-\d.,]+, .+)\)"
)


def computed_line(value: str, how: str) -> str:
    """Return a value and, in brackets, what it was computed from."""
    return f"{value} ({how})"


def is_computed_line(text: str) -> bool:
    """Whether a line is one of those: no source can say it, but the rows below it do."""
    return _HOW.fullmatch(text.strip()) is not None
