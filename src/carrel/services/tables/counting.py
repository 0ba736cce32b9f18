"""Counts the rows of a table, and computes the share of some of them. Pure functions.

English only, like all calculations.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType

from carrel.services.tables.cell_numbers import number_of
from carrel.services.tables.columns import cell_of, column_of, is_numeric, rows_named
from carrel.services.tables.row_text import Row
from carrel.services.text.computed_line import computed_line
from carrel.services.text.terms import terms

HOW_MANY = re.compile(
    r"\bhow many (?:different |distinct )?(?P<counted>.+?)"
    r"(?: (?:are|is|were|was|have|has|had|do|does|did|costs?|weighs?|of|in|with|on)\b|$)",
    re.IGNORECASE,
)
SHARE = re.compile(
    r"\b(share|percentage|what per ?cent|proportion|fraction|portion)\b( of( the)? total)?",
    re.IGNORECASE,
)
ROWS_ASKED = re.compile(
    r"\bhow many (?:different )?(rows|records|entries|lines|data ?sets)\b"
    r"( (?:of data )?(?:are|is|were) (?:there )?(?:in|on)\b)?",
    re.IGNORECASE,
)
_COMPARISONS: Mapping[str, Callable[[Decimal, Decimal], bool]] = MappingProxyType(
    {
        "more than": operator.gt,
        "over": operator.gt,
        "above": operator.gt,
        "at least": operator.ge,
        "less than": operator.lt,
        "fewer than": operator.lt,
        "under": operator.lt,
        "below": operator.lt,
        "at most": operator.le,
    }
)
CONDITION = re.compile(
    rf"\b(?P<by>{'|'.join(_COMPARISONS)}) (?P<bound>[$€£¥]?\d[\d.,]*)(?: ?[\w%€$£¥]+)?",
    re.IGNORECASE,
)
Counted = tuple[str, tuple[Row, ...]]
"""The text of an answer, and the rows it is from."""


def rows_counted(question: str, rows: Sequence[Row], *, is_only_table: bool) -> Counted | None:
    """Return how many rows there are, have a value that is named, or meet a condition.

    All rows are counted only of the one table that is found.
    """
    if ROWS_ASKED.search(question):
        return (
            (computed_line(str(len(rows)), "rows of the table"), tuple(rows))
            if is_only_table
            else None
        )
    match = HOW_MANY.search(question)
    if match is None:
        return None
    counted, asked = set(terms(match["counted"])), frozenset(terms(question))
    found, column = list(rows), None
    if condition := CONDITION.search(question):
        said = question[: condition.start()] + question[condition.end() :]
        column = column_of(said, frozenset(terms(said)), rows)
        bound = number_of(condition["bound"].rstrip(".,"))
        if column is None or bound is None:
            return None
        meets = _COMPARISONS[condition["by"].lower()]
        numbers = [(row, _number(row, column)) for row in rows]
        found = [row for row, number in numbers if number is not None and meets(number, bound)]
    named = rows_named(asked, column, rows)
    if named:
        found = [row for row in found if row in named]
    names = _column_named(counted, rows)
    if not named and names is None and not condition:
        return None
    if named and not condition and (len(named) == 1 or not _names_values(counted, named)):
        # A number of something is in a cell of its row or in its column: no rows are counted.
        return None
    if not condition and _names_numbers(asked, rows):
        return None
    if names is not None and not named and not condition:
        values = {cell.text for row in rows if (cell := cell_of(row, names)) is not None}
        return computed_line(str(len(values)), f"different values of {names}"), tuple(rows)
    said_of = f" with {condition[0].strip()}" if condition else ""
    return computed_line(str(len(found)), f"rows{said_of}"), tuple(found)


def share_of_total(question: str, rows: Sequence[Row]) -> Counted | None:
    """Return which part of a column's sum the named rows have; None if no row is named.

    A column of shares has the answer itself.
    """
    if any(SHARE.search(cell.head) for row in rows for cell in row.cells):
        return None
    said = SHARE.sub(" ", question)
    asked = frozenset(terms(said))
    column = column_of(said, asked, rows)
    if column is None:
        return None
    named = rows_named(asked, column, rows)
    parts = [number for row in named if (number := _number(row, column)) is not None]
    all_of = [number for row in rows if (number := _number(row, column)) is not None]
    total = sum(all_of, Decimal(0))
    if not parts or len(parts) == len(all_of) or total <= 0 or min(all_of) < 0:
        return None
    part = sum(parts, Decimal(0))
    percent = round(100 * part / total, 1)
    return computed_line(f"{percent:f} %", f"{part:,} of {total:,}, {column}"), tuple(named)


def _number(row: Row, column: str) -> Decimal | None:
    cell = cell_of(row, column)
    return None if cell is None else number_of(cell.text)


def _column_named(counted: set[str], rows: Sequence[Row]) -> str | None:
    """Return the column of words that is called like what is counted."""
    heads = dict.fromkeys(cell.head for row in rows for cell in row.cells if cell.head)
    found = [head for head in heads if set(terms(head)) == counted]
    return found[0] if len(found) == 1 and not is_numeric(found[0], rows) else None


def _names_numbers(asked: frozenset[str], rows: Sequence[Row]) -> bool:
    """Whether a column of numbers is named: "How many employees in 2022?" asks for one of them."""
    heads = dict.fromkeys(cell.head for row in rows for cell in row.cells if cell.head)
    named = [head for head in heads if (own := set(terms(head))) and own <= asked]
    return any(is_numeric(head, rows) for head in named)


def _names_values(counted: set[str], named: Sequence[Row]) -> bool:
    """Whether the thing that is counted is a value of the rows."""
    texts = (set(terms(cell.text)) for row in named for cell in row.cells)
    return any(own and own <= counted for own in texts)
