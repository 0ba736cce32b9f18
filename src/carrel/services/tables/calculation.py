"""Answers that are computed from all rows of a table. Pure functions.

A question becomes a plan: an operation, a column of numbers, and the rows that it names. English
only; other questions have no plan, and neither have those whose column is not certain.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from carrel.services.tables.cell_numbers import number_of
from carrel.services.tables.cell_selection import is_about
from carrel.services.tables.columns import COLUMN_OF, cell_of, column_of, is_numeric, rows_named
from carrel.services.tables.counting import (
    CONDITION,
    ROWS_ASKED,
    SHARE,
    Counted,
    rows_counted,
    share_of_total,
)
from carrel.services.tables.row_text import Row
from carrel.services.tables.unplanned import has_unplanned_part, names_unclear_rows
from carrel.services.text.computed_line import computed_line
from carrel.services.text.terms import terms

SHOWN_ROWS = 3
"""Rows that are quoted for a sum or an average."""


class Operation(Enum):
    """What is computed; the value finds it in a question."""

    LARGEST = re.compile(
        r"\b(highest|most|largest|biggest|greatest|maximum|max|longest|oldest|tallest|heaviest"
        r"|dearest|widest|deepest|fastest|higher|larger|bigger|greater|longer|older|taller|heavier"
        r"|dearer|more expensive|wider|deeper|faster)\b",
        re.IGNORECASE,
    )
    SMALLEST = re.compile(
        r"\b(lowest|least|smallest|fewest|minimum|min|shortest|cheapest|youngest|newest|lightest"
        r"|narrowest|slowest|lower|smaller|fewer|shorter|cheaper|younger|newer|lighter|slower)\b",
        re.IGNORECASE,
    )
    AVERAGE = re.compile(r"\b(average|mean)\b", re.IGNORECASE)
    SUM = re.compile(r"\b(total|sum|altogether|in all|combined)\b", re.IGNORECASE)


_DIFFERENCE = re.compile(
    r"\b(difference|how much (more|less|higher|lower)|by how much)\b", re.IGNORECASE
)
_CHANGE = re.compile(
    r"\b(rise|rose|grow|grew|increased?|fall|fell|drop(ped)?|decreased?|declined?|changed?)\b",
    re.IGNORECASE,
)
_HOW_MUCH = re.compile(r"\bhow much\b", re.IGNORECASE)
_OPERATORS = (
    _DIFFERENCE,
    _CHANGE,
    *(each.value for each in Operation),
    *map(re.compile, COLUMN_OF),
    SHARE,
    ROWS_ASKED,
    CONDITION,
    re.compile(r"\bhow many( different| distinct)?\b", re.IGNORECASE),
)
_IN_TIME = frozenset(("year", "born", "birth", "date", "found", "open", "built"))
_COMPARES_AGES = re.compile(r"\b(oldest|youngest|newest|older|younger|newer)\b", re.IGNORECASE)
_COMPARATIVE = re.compile(
    r"\b(higher|larger|bigger|greater|longer|older|taller|heavier|dearer|more expensive|wider"
    r"|deeper|faster|lower|smaller|fewer|shorter|cheaper|younger|newer|lighter|slower)\b",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:FY\s?)?(?:19|20)\d\d")
_TOTAL_ROW = re.compile(r"\s*(grand )?(sub)?totals?\b|\s*(sum|average|mean)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Calculated:
    """A computed answer, and the rows it is from, of which a few are to be shown."""

    text: str
    rows: tuple[Row, ...]


def asks_for_calculation(question: str) -> bool:
    """Whether a question may be one that a table answers by calculation."""
    return any(asks.search(question) for asks in _OPERATORS)


def calculated(
    question: str, rows: Sequence[Row], around: str = "", *, is_only_table: bool = False
) -> Calculated | None:
    """Return the answer that the rows of one table give; None if the question asks for none.

    Rows of totals are left out. ``rows`` have to be all rows of the table; ``around`` is what it is
    about: its caption, heading and file.
    """
    if has_unplanned_part(question):
        return None
    known = " ".join([around, *(f"{' '.join(row.heads)} {row.text}" for row in rows)])
    if not is_about(question, known, _OPERATORS):
        return None
    body = [row for row in rows if not _TOTAL_ROW.match(row.cells[0].text)]
    if len(body) < 2:
        return None
    asked = frozenset(terms(question))
    if SHARE.search(question):
        return _of(share_of_total(question, body))
    if (counted := rows_counted(question, body, is_only_table=is_only_table)) is not None:
        return _of(counted)
    is_change = _HOW_MUCH.search(question) and _CHANGE.search(question)
    if is_change or _DIFFERENCE.search(question):
        return _difference(question, asked, body)
    operation = next((each for each in Operation if each.value.search(question)), None)
    column = column_of(question, asked, body)
    if operation is None or column is None or CONDITION.search(question):
        return None
    if _COMPARES_AGES.search(question) and _IN_TIME & set(terms(column)):
        # The oldest has the smallest year.
        is_oldest = operation is Operation.LARGEST
        operation = Operation.SMALLEST if is_oldest else Operation.LARGEST
    named = rows_named(asked, column, body)
    if _COMPARATIVE.search(question):
        # Of two things that are named; "older than 30" compares with neither.
        named = _labelled(asked, body)
        if len(named) != 2:
            return None
    if not named and names_unclear_rows(asked, body):
        return None
    body = named if len(named) > 1 else body
    cells = [(row, cell_of(row, column)) for row in body]
    numbers = [
        (row, number)
        for row, cell in cells
        if cell is not None and (number := number_of(cell.text)) is not None
    ]
    if len(numbers) < 2:
        return None
    if operation in (Operation.SUM, Operation.AVERAGE):
        return _total(operation, column, numbers)
    return _extreme(operation, column, numbers, asked)


def _of(counted: Counted | None) -> Calculated | None:
    return None if counted is None else Calculated(*counted)


def _extreme(
    operation: Operation,
    column: str,
    numbers: Sequence[tuple[Row, Decimal]],
    asked: frozenset[str],
) -> Calculated | None:
    choose = max if operation is Operation.LARGEST else min
    bound = choose(number for _, number in numbers)
    best = tuple(row for row, number in numbers if number == bound)
    if len(best) > SHOWN_ROWS:
        return None
    compared = [row for row, _ in numbers]
    names = ", ".join(_name(row, column, asked, compared) for row in best)
    cell = cell_of(best[0], column)
    assert cell is not None
    return Calculated(f"{names}: {cell.text}", best)


def _name(row: Row, column: str, asked: frozenset[str], compared: Sequence[Row]) -> str:
    """Return what a row is called: its cell in the column that is asked for, or its own first name.

    A value that several of the compared rows have names none of them.
    """
    cells = [cell for cell in row.cells if cell.head != column and number_of(cell.text) is None]
    texts = Counter((cell.head, cell.text) for each in compared for cell in each.cells)
    asked_for = [cell for cell in cells if set(terms(cell.head)) & asked]
    own = [cell for cell in cells if texts[cell.head, cell.text] == 1]
    return (asked_for or own or row.cells)[0].text


def _total(operation: Operation, column: str, numbers: Sequence[tuple[Row, Decimal]]) -> Calculated:
    total = sum((number for _, number in numbers), Decimal(0))
    rows = tuple(row for row, _ in numbers)
    if operation is Operation.SUM:
        how = f"sum of {column} over {len(rows)} rows"
        return Calculated(computed_line(f"{total:,}", how), rows)
    mean = round(total / len(rows), 2).normalize()
    how = f"average of {column} over {len(rows)} rows"
    return Calculated(computed_line(f"{mean:,f}", how), rows)


def _labelled(asked: frozenset[str], rows: Sequence[Row]) -> list[Row]:
    """Return the rows with a value that the question has and no other row of the column."""
    texts = Counter((cell.head, cell.text) for row in rows for cell in row.cells)
    return [
        row
        for row in rows
        if any(
            texts[cell.head, cell.text] == 1
            and number_of(cell.text) is None
            and (own := set(terms(cell.text)))
            and own <= asked
            for cell in row.cells
        )
    ]


def _difference(question: str, asked: frozenset[str], rows: Sequence[Row]) -> Calculated | None:
    """Return the difference of two cells: of two columns in one row, or of two rows in one."""
    heads = dict.fromkeys(cell.head for row in rows for cell in row.cells if cell.head)
    columns = [head for head in heads if set(terms(head)) and set(terms(head)) <= asked]
    columns = [head for head in columns if is_numeric(head, rows)]
    named = _labelled(asked, rows)
    if not columns and len(named) == 1:
        years = [head for head in heads if _YEAR.fullmatch(head)]
        columns = years if len(years) == 2 else []
    elif not columns and (column := column_of(question, asked, rows)) is not None:
        columns = [column]
    pairs = [(row, cell_of(row, head)) for row in named for head in columns]
    values = [
        (row, cell, number)
        for row, cell in pairs
        if cell is not None and (number := number_of(cell.text)) is not None
    ]
    if len(values) != 2 or len(pairs) != 2:
        return None
    (first, one, a), (second, other, b) = values
    used = (first,) if first is second else (first, second)
    larger, smaller = (one, other) if a >= b else (other, one)
    return Calculated(computed_line(f"{abs(a - b):,}", f"{larger.text} less {smaller.text}"), used)
