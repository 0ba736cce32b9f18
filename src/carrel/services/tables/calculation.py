"""Answers that are computed from all rows of a table. Pure functions.

A question becomes a plan: an operation, a column of numbers, and the rows that it names. English
only; other questions have no plan, and neither have those whose column is not certain.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from carrel.services.tables.cell_numbers import number_of
from carrel.services.tables.cell_selection import is_about
from carrel.services.tables.row_text import Cell, Row
from carrel.services.text.terms import terms

SHOWN_ROWS = 3
"""Rows that are quoted for a sum or an average."""


class Operation(Enum):
    """What is computed; the value finds it in a question."""

    LARGEST = re.compile(
        r"\b(highest|most|largest|biggest|greatest|maximum|max|longest|oldest|tallest|heaviest"
        r"|dearest|widest|deepest|fastest)\b",
        re.IGNORECASE,
    )
    SMALLEST = re.compile(
        r"\b(lowest|least|smallest|fewest|minimum|min|shortest|cheapest|youngest|lightest"
        r"|narrowest|slowest)\b",
        re.IGNORECASE,
    )
    AVERAGE = re.compile(r"\b(average|mean)\b", re.IGNORECASE)
    SUM = re.compile(r"\b(total|sum|altogether|in all|combined)\b", re.IGNORECASE)


_COLUMN_OF = {
    r"\b(cheapest|dearest|expensive|costs?)\b": frozenset(
        ("price", "cost", "fee", "amount", "rate")
    ),
    r"\b(oldest|youngest)\b": frozenset(("age", "year", "born")),
    r"\b(longest|shortest)\b": frozenset(("length", "durat", "day", "time")),
    r"\b(heaviest|lightest)\b": frozenset(("weight",)),
    r"\b(tallest)\b": frozenset(("height",)),
    r"\b(deepest)\b": frozenset(("depth",)),
    r"\b(fastest|slowest)\b": frozenset(("speed", "time")),
}
"""Stems of the heads that such a word asks for."""

_DIFFERENCE = re.compile(r"\b(difference|how much (more|less|higher|lower))\b", re.IGNORECASE)
_OPERATORS = (_DIFFERENCE, *(each.value for each in Operation), *map(re.compile, _COLUMN_OF))
_TOTAL_ROW = re.compile(r"\s*(grand )?(sub)?totals?\b|\s*(sum|average|mean)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Calculated:
    """A computed answer, and the rows it is from, of which a few are to be shown."""

    text: str
    rows: tuple[Row, ...]


def asks_for_calculation(question: str) -> bool:
    """Whether a question may be one that a table answers by calculation."""
    return any(asks.search(question) for asks in _OPERATORS)


def calculated(question: str, rows: Sequence[Row], around: str = "") -> Calculated | None:
    """Return the answer that the rows of one table give; None if the question asks for none.

    Rows of totals are left out. ``rows`` have to be all rows of the table; ``around`` is what it is
    about: its caption, heading and file.
    """
    known = " ".join([around, *(f"{' '.join(row.heads)} {row.text}" for row in rows)])
    if not is_about(question, known, _OPERATORS):
        return None
    body = [row for row in rows if not _TOTAL_ROW.match(row.cells[0].text)]
    if len(body) < 2:
        return None
    asked = frozenset(terms(question))
    if _DIFFERENCE.search(question):
        return _difference(asked, body)
    operation = next((each for each in Operation if each.value.search(question)), None)
    column = _column(question, asked, body)
    if operation is None or column is None:
        return None
    body = _filtered(asked, column, body)
    cells = [(row, _cell(row, column)) for row in body]
    numbers = [
        (row, number)
        for row, cell in cells
        if cell is not None and (number := number_of(cell.text)) is not None
    ]
    if len(numbers) < 2:
        return None
    if operation in (Operation.SUM, Operation.AVERAGE):
        return _total(operation, column, numbers)
    return _extreme(operation, column, numbers)


def _column(question: str, asked: frozenset[str], rows: Sequence[Row]) -> str | None:
    """Return the head of the column of numbers that the question names, or of the only one."""
    heads = dict.fromkeys(cell.head for row in rows for cell in row.cells if cell.head)
    numeric = [head for head in heads if _is_numeric(head, rows)]
    if len(numeric) == 1 and not any(set(terms(head)) & asked for head in numeric):
        implied = _implied(question)
        return numeric[0] if not implied or implied & set(terms(numeric[0])) else None
    matches = {head: _match(asked, head) for head in numeric}
    best = max(matches.values(), default=0.0)
    if best <= 0:
        implied = _implied(question)
        found = [head for head in numeric if implied & set(terms(head))]
    else:
        found = [head for head, match in matches.items() if match == best]
    return found[0] if len(found) == 1 else None


def _implied(question: str) -> frozenset[str]:
    found = (
        heads
        for asks, heads in _COLUMN_OF.items()
        if re.search(asks, question, re.IGNORECASE) is not None
    )
    return next(found, frozenset())


def _match(asked: frozenset[str], head: str) -> float:
    own = set(terms(head))
    shared = own & asked
    return len(shared) + len(shared) / len(own) if shared else 0.0


def _is_numeric(head: str, rows: Sequence[Row]) -> bool:
    cells = [cell for row in rows if (cell := _cell(row, head)) is not None]
    return 2 * sum(number_of(cell.text) is not None for cell in cells) > len(cells)


def _cell(row: Row, head: str) -> Cell | None:
    return next((cell for cell in row.cells if cell.head == head), None)


def _filtered(asked: frozenset[str], column: str, rows: Sequence[Row]) -> list[Row]:
    """Return the rows with a value that the question names, all if it names none.

    A value counts if all of its words are in the question, and no head has them.
    """
    heads = {term for row in rows for cell in row.cells for term in terms(cell.head)}

    def is_named(row: Row) -> bool:
        texts = (set(terms(cell.text)) for cell in row.cells if cell.head != column)
        return any(own and own <= asked - heads for own in texts)

    named = [row for row in rows if is_named(row)]
    return named if len(named) > 1 else [*rows]


def _extreme(
    operation: Operation, column: str, numbers: Sequence[tuple[Row, Decimal]]
) -> Calculated | None:
    choose = max if operation is Operation.LARGEST else min
    bound = choose(number for _, number in numbers)
    best = tuple(row for row, number in numbers if number == bound)
    if len(best) > SHOWN_ROWS:
        return None
    names = ", ".join(row.cells[0].text for row in best)
    cell = _cell(best[0], column)
    assert cell is not None
    return Calculated(f"{names}: {cell.text}", best)


def _total(operation: Operation, column: str, numbers: Sequence[tuple[Row, Decimal]]) -> Calculated:
    total = sum((number for _, number in numbers), Decimal(0))
    rows = tuple(row for row, _ in numbers)
    if operation is Operation.SUM:
        return Calculated(f"{total:,} (sum of {column} over {len(rows)} rows)", rows)
    mean = round(total / len(rows), 2).normalize()
    return Calculated(f"{mean:,f} (average of {column} over {len(rows)} rows)", rows)


def _difference(asked: frozenset[str], rows: Sequence[Row]) -> Calculated | None:
    """Return the difference of two cells: of two columns in one row, or of two rows in one."""
    heads = dict.fromkeys(cell.head for row in rows for cell in row.cells if cell.head)
    columns = [head for head in heads if set(terms(head)) and set(terms(head)) <= asked]
    columns = [head for head in columns if _is_numeric(head, rows)]
    named = [row for row in rows if (own := set(terms(row.cells[0].text))) and own <= asked]
    pairs = [(row, _cell(row, head)) for row in named for head in columns]
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
    return Calculated(f"{abs(a - b):,} ({larger.text} less {smaller.text})", used)
