"""Finds the column and the rows of a table that a question names. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Sequence

from carrel.services.tables.cell_numbers import number_of
from carrel.services.tables.row_text import Cell, Row
from carrel.services.text.terms import terms

COLUMN_OF = {
    r"\b(cheape(?:st|r)|deare(?:st|r)|expensive|costs?|prices?)\b": frozenset(
        ("price", "cost", "fee", "amount", "rate")
    ),
    r"\b(oldest|youngest|newest|older|younger|newer)\b": frozenset(
        ("age", "year", "born", "date", "built", "found")
    ),
    r"\b(longest|shortest|longer|shorter)\b": frozenset(("length", "durat", "day", "time")),
    r"\b(heaviest|lightest|heavier|lighter|weighs?)\b": frozenset(("weight",)),
    r"\b(tallest|taller)\b": frozenset(("height",)),
    r"\b(deepest|deeper)\b": frozenset(("depth",)),
    r"\b(fastest|slowest|faster|slower)\b": frozenset(("speed", "time")),
}
"""Stems of the heads that such a word asks for."""


def column_of(question: str, asked: frozenset[str], rows: Sequence[Row]) -> str | None:
    """Return the head of the column of numbers that the question names, or of the only one."""
    heads = dict.fromkeys(cell.head for row in rows for cell in row.cells if cell.head)
    numeric = [head for head in heads if is_numeric(head, rows)]
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
        for asks, heads in COLUMN_OF.items()
        if re.search(asks, question, re.IGNORECASE) is not None
    )
    return next(found, frozenset())


def _match(asked: frozenset[str], head: str) -> float:
    own = set(terms(head))
    shared = own & asked
    return len(shared) + len(shared) / len(own) if shared else 0.0


def is_numeric(head: str, rows: Sequence[Row]) -> bool:
    cells = [cell for row in rows if (cell := cell_of(row, head)) is not None]
    return 2 * sum(number_of(cell.text) is not None for cell in cells) > len(cells)


def cell_of(row: Row, head: str) -> Cell | None:
    return next((cell for cell in row.cells if cell.head == head), None)


def rows_named(asked: frozenset[str], column: str | None, rows: Sequence[Row]) -> list[Row]:
    """Return the rows with a value that the question names, outside of a column.

    A value counts if all of its words are in the question, and no head has them.
    """
    heads = {term for row in rows for cell in row.cells for term in terms(cell.head)}

    def is_named(row: Row) -> bool:
        texts = (set(terms(cell.text)) for cell in row.cells if cell.head != column)
        return any(own and own <= asked - heads for own in texts)

    return [row for row in rows if is_named(row)]
