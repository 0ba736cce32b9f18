"""What the text of a cell is: a number, a date, nothing, or words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum
from itertools import pairwise

_NUMBER = re.compile(r"[-−–+(]?[^\w\s]?\s?\d[\d.,:/'’\s-]*[^\w\s]?\)?\s?[%‰]?\s?[$€£¥]?")
_DATE = re.compile(
    r"\d{4}-\d\d(?:-\d\d.*)?|\d{1,2}\.\d{1,2}\.(?:\d{4}|\d\d)?|\d{1,2}/\d{1,2}/(?:\d{4}|\d\d)"
    r"|\d{4}/\d{1,2}/\d{1,2}|\d{4}年(?:\d{1,2}月(?:\d{1,2}日)?)?"
)
_FORMULA = re.compile(r"=.*[\w)\]]", re.DOTALL)
_NOTHING = re.compile(r"[-–—−.*?/\s]+|n/?a\.?|k\.\s?a\.|nan|null|none", re.IGNORECASE)
# Footnote marks and the like behind a value.
_MARKS = re.compile(r"(?<=[\w%)])\s?(?:\[\w{1,3}\]|[*†‡§]{1,3}|\^\w{1,3})$")
_FIRST_YEAR, _LAST_YEAR = 1500, 2199
_RANGE = re.compile(r"\d\s?[-–:]\s?\d")
_DIGITS = re.compile(r"\d+")


class CellKind(Enum):
    """The kind of a cell's text."""

    NOTHING = "nothing"
    NUMBER = "number"
    DATE = "date"
    WORDS = "words"


def kind_of(cell: str) -> CellKind:
    """Return the kind; dashes and ``n/a`` say nothing, a formula is a number."""
    if not cell or _NOTHING.fullmatch(cell):
        return CellKind.NOTHING
    if not any(map(str.isdecimal, cell)):
        return CellKind.NUMBER if _FORMULA.fullmatch(cell) else CellKind.WORDS
    bare = _MARKS.sub("", cell)
    if _DATE.fullmatch(bare):
        return CellKind.DATE
    if _NUMBER.fullmatch(bare) or _FORMULA.fullmatch(bare):
        return CellKind.NUMBER
    return CellKind.WORDS


def shape_of(cell: str) -> str:
    """Return the text with its numbers masked: ``Region 7`` and ``Region 12`` have one shape."""
    return _DIGITS.sub("0", cell.casefold())


def is_year(cell: str) -> bool:
    """Whether the text is a year from 1500 to 2199, and nothing else."""
    bare = _MARKS.sub("", cell)
    # In the digits of any script.
    return len(bare) == 4 and bare.isdecimal() and _FIRST_YEAR <= int(bare) <= _LAST_YEAR


def is_range(cell: str) -> bool:
    """Whether the text is a range of numbers or a time of day: ``10-19``, ``08:30``."""
    return _RANGE.search(cell) is not None


def is_series(cells: Sequence[str]) -> bool:
    """Whether three or more whole numbers are equally far apart, as 1, 2, 3 or 36, 38, 40."""
    numbers = [int(cell) for cell in cells if cell.isdecimal() and len(cell) < 10]
    steps = {after - before for before, after in pairwise(numbers)}
    return 2 < len(numbers) == len(cells) and len(steps) == 1 and steps != {0}
