"""Merged ranges of sheets, which are stored apart from their cells."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from carrel.ingest.tables.grid import GridCell, SpanExpander, TableRow


class MergedRange(NamedTuple):
    """A merged range; rows and columns count from 0, the last ones are included."""

    first_row: int
    last_row: int
    first_column: int
    last_column: int


class SheetRow(NamedTuple):
    """A stored row of a sheet: its number from 0, its texts, and whether all of them are bold."""

    number: int
    texts: list[str]
    bold: bool = False


def merged_rows(rows: Iterable[SheetRow], ranges: Iterable[MergedRange]) -> Iterator[TableRow]:
    """Yield the rows with merged cells repeated; one blank row for any number that are missing.

    Raises:
        UnreadableDocument: the merged cells repeat too much.
    """
    begins: dict[int, dict[int, MergedRange]] = defaultdict(dict)
    for each in ranges:
        begins[each.first_row][each.first_column] = each
    spans = SpanExpander() if begins else None
    covered: dict[int, int] = {}
    expected = 0
    for row in rows:
        if row.number > expected:
            if spans is not None:
                spans.skip(row.number - expected)
            yield TableRow([])
        expected = row.number + 1
        if spans is None:
            yield TableRow(row.texts, shown_as_header=row.bold)
        else:
            cells = _cells(row, begins.get(row.number, {}), covered)
            yield spans.row(cells, shown_as_header=row.bold)


def _cells(
    row: SheetRow, begins: dict[int, MergedRange], covered: dict[int, int]
) -> Iterator[GridCell]:
    """Yield the cells that no merged one covers; ``covered`` is the last such row by column."""
    for column, text in enumerate(row.texts):
        if covered.get(column, -1) >= row.number:
            continue
        merged = begins.get(column)
        if merged is None:
            yield GridCell(text)
            continue
        columns = merged.last_column - column + 1
        covered.update(dict.fromkeys(range(column, column + columns), merged.last_row))
        yield GridCell(text, columns, merged.last_row - row.number + 1)
