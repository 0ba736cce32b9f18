"""Rows of the tables on a PDF page, from the texts in the cells of their grids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from carrel.ingest.pdf.tables.ruled_lines import Grid
from carrel.ingest.tables.grid import TableRow
from carrel.ingest.tables.rows import TableLines
from carrel.ingest.text.cleaning import one_line

# Longer cells mean a layout of columns; with several long cells side by side, the lines between the
# rows are probably not ruled.
_LONGEST_CELL = 1_000
_MOST_LINES = 2
# Accounts have the sign in a separate column.
_SIGNS = frozenset("$€£¥")
_ENDS = frozenset(("", ")", "%", ")%", ") %"))
# In points: how far the columns of one table differ between two pages.
_SHIFT = 10.0

Cells = Mapping[tuple[int, int], Sequence[str]]


@dataclass(frozen=True, slots=True)
class PageTable:
    """The last table of a page, which the next page may continue."""

    columns: tuple[float, ...]
    heads: tuple[str, ...]

    def is_continued_by(self, grid: Grid) -> bool:
        """Whether a table has the same columns."""
        return len(grid.columns) == len(self.columns) and all(
            abs(here - there) <= _SHIFT
            for here, there in zip(grid.columns, self.columns, strict=True)
        )


@dataclass(frozen=True, slots=True)
class TableText:
    """A table as text: its lines, the bare texts of its cells, and what a next page needs."""

    lines: str
    cells: tuple[str, ...]
    table: PageTable


@dataclass(slots=True)
class _Cell:
    text: str
    left: bool = False
    above: bool = False


def table_text(
    grid: Grid,
    cells: Cells,
    before: PageTable | None,
    *,
    above: Sequence[str] = (),
    is_form: bool = False,
) -> TableText | None:
    """Return the text of a table; None if the cells do not look like those of one.

    ``before`` is the table of the page before, if this is the first one of its page. ``above`` are
    heads of the columns that are written farther above. The rows of a form are labels and values,
    without heads above them.
    """
    if not _is_plausible(cells):
        return None
    texts = {place: one_line(" ".join(found)) for place, found in cells.items()}
    rows = _with_merged(grid, texts)
    rows = [row for row in rows if any(cell.text for cell in row)]
    used = [column for column in range(len(grid.columns) - 1) if any(r[column].text for r in rows)]
    rows = [[row[column] for column in used] for row in rows]
    signs = _join_signs(rows)
    rows = [[row[place] for place in range(len(used)) if place not in signs] for row in rows]
    bare = (cell for row in rows for cell in row if not (cell.left or cell.above))
    words = tuple(cell.text for cell in bare if cell.text)
    heads = before.heads if before and before.is_continued_by(grid) else ()
    if above:
        heads = tuple(above[column] for place, column in enumerate(used) if place not in signs)
    table_rows = list(map(_table_row, rows))
    if is_form:
        # A single row is never taken for heads.
        lines = [line for row in table_rows for line in TableLines(heads).of([row])]
    else:
        whole = TableLines(heads)
        lines = list(whole.of(table_rows))
        heads = tuple(whole.heads)
    return TableText("\n".join(lines), words, PageTable(grid.columns, heads))


def _is_plausible(cells: Cells) -> bool:
    high: dict[int, int] = {}
    for (row, _), texts in cells.items():
        lines = [line for text in texts for line in text.splitlines() if line.strip()]
        high[row] = high.get(row, 0) + (len(lines) > _MOST_LINES)
        if sum(map(len, lines)) > _LONGEST_CELL:
            return False
    return all(count < 2 for count in high.values())


def _with_merged(grid: Grid, texts: dict[tuple[int, int], str]) -> list[list[_Cell]]:
    """Return the rows; cells that no rule divides are one, if only one of them has text."""
    height, width = len(grid.rows) - 1, len(grid.columns) - 1
    rows: list[list[_Cell]] = []
    for row in range(1, height + 1):
        cells: list[_Cell] = []
        span: list[_Cell] = []
        for column in range(1, width + 1):
            text = texts.get((row, column), "")
            merged = bool(span) and not grid.divides_columns(row, column)
            if merged and not (text and span[0].text):
                text = text or span[0].text
                for cell in span:
                    cell.text = text
                span.append(_Cell(text, left=True))
            else:
                span = [_Cell(text)]
            cells.append(span[-1])
        rows.append(cells)
    for column in range(1, width + 1):
        _merge_down(grid, rows, column)
    return rows


def _merge_down(grid: Grid, rows: Sequence[Sequence[_Cell]], column: int) -> None:
    span: list[_Cell] = []
    for number, row in enumerate(rows, 1):
        cell = row[column - 1]
        merged = bool(span) and not grid.divides_rows(number, column)
        text = cell.text or (span[0].text if span else "")
        if text and text in _SIGNS | _ENDS:
            # A sign belongs to the amount beside it, even if no rule divides the rows.
            merged = False
        if merged and not (cell.text and span[0].text) and cell.left == span[0].left:
            for each in (*span, cell):
                each.text = text
            cell.above = True
            span.append(cell)
        else:
            span = [cell]


def _join_signs(rows: Sequence[Sequence[_Cell]]) -> set[int]:
    """Join signs to the amounts beside them; return the columns that have nothing else.

    A sign of a currency is before its amount, a closing bracket or percent sign behind it.
    """
    width = len(rows[0]) if rows else 0
    before = {
        column
        for column in range(width - 1)
        if all(_may_be_sign(row[column], row[column + 1]) for row in rows)
    }
    behind = {
        column
        for column in range(1, width)
        if column not in before and all(row[column].text in _ENDS for row in rows)
    }
    for row in rows:
        for column in range(width - 1):
            sign, amount = row[column], row[column + 1]
            if column in before and amount.left:
                # Where there is no sign, nothing divides the amount from the column of signs.
                sign.text, amount.left = "", False
            elif sign.text in _SIGNS and amount.text:
                amount.text = f"{sign.text} {amount.text}"
                sign.text = ""
        for column in behind:
            row[column - 1].text += row[column].text
            row[column].text = ""
    return {column for column in before | behind if not any(row[column].text for row in rows)}


def _may_be_sign(cell: _Cell, amount: _Cell) -> bool:
    return cell.text in _SIGNS or not cell.text or (amount.left and not cell.left)


def _table_row(cells: Iterable[_Cell]) -> TableRow:
    row = list(cells)
    return TableRow(
        [cell.text for cell in row],
        frozenset(column for column, cell in enumerate(row) if cell.left),
        frozenset(column for column, cell in enumerate(row) if cell.above),
    )
