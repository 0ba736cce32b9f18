"""Formats table rows as lines that are understood without the rest of their table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, takewhile

from carrel.ingest.tables.grid import TableRow
from carrel.ingest.tables.heads import CERTAIN, SAMPLE_ROWS, header_rows, is_title, joined_heads

# A label is repeated in every row.
_LABEL_CHARACTERS = 100
_MOST_ABOVE = 8
_MOST_NOTES = 2
# In a row without heads. If more cells are blank, the filled ones are numbered.
_MOST_BLANKS = 30
_BLANKS_PER_CELL = 4


class TableLines:
    """Formats the rows of a table; cells must be clean text without line breaks.

    Below its heads a row reads ``Head: value; Head: value``, without heads ``value | value``, where
    blank cells keep their place. The heads of several rows are joined. Titles above a table and
    rows of a single label are lines of their own. After a blank row other heads may follow.

    ``heads`` are those of the last table, or those given for a table that began on an earlier page.
    """

    def __init__(self, heads: Sequence[str] = ()) -> None:
        self.heads = heads

    def of(self, rows: Iterable[TableRow]) -> Iterator[str]:
        """Yield one line per row that is not blank; rows are taken as they are needed."""
        waiting = (row for row in rows if not row.is_repetition())
        for first in waiting:
            if not any(first.cells):
                continue
            block, ended = _block(first, waiting)
            offset = min(map(_first_filled, block))
            while block and block[0].is_title(offset):
                yield block.pop(0).cells[offset]
            yield from self._header(block, offset)
            more = () if ended else takewhile(lambda row: any(row.cells), waiting)
            for row in chain(block, more):
                yield self._line(row, offset)

    def _header(self, block: list[TableRow], offset: int) -> Iterator[str]:
        """Remove the heads from the block, and what is above them; the heads become one line."""
        rows = [row.from_column(offset) for row in block]
        above, depth = self._place_of_header(rows)
        if not depth:
            self._forget_heads(block)
            return
        yield from (_bare_line(row, offset) for row in block[:above])
        rows = rows[above : above + depth]
        yield from (row.cells[0] for number, row in enumerate(rows) if is_title(rows, number))
        heads = joined_heads(rows)
        yield _piped(heads)
        labels = [head[:_LABEL_CHARACTERS].rstrip(" :：") for head in heads]
        if labels[0].startswith("("):
            # A remark in the corner, such as "(in millions)", names no column.
            labels[0] = ""
        self.heads = [""] * offset + labels
        del block[: above + depth]

    def _place_of_header(self, rows: list[TableRow]) -> tuple[int, int]:
        """Return how many rows are above the heads, and how many rows of heads there are.

        Notes above a table have one or two cells, and fewer than its heads.
        """
        if rows and self.heads and joined_heads(rows[:1]) == list(self.heads):
            return 0, 1
        widest = 0
        for above in range(min(len(rows) - 1, _MOST_ABOVE)):
            filled = rows[above].filled()
            if above and widest > _MOST_NOTES:
                break
            if filled > widest:
                depth = header_rows(rows[above:], CERTAIN if above or self.heads else 1)
                if depth:
                    return above, depth
            widest = max(widest, filled)
        return 0, 0

    def _forget_heads(self, block: Iterable[TableRow]) -> None:
        """Drop the heads of the table above if this one has other columns."""
        named = {column for column, head in enumerate(self.heads) if head}
        named |= set(range(min(named, default=0)))
        for row in block:
            if any(cell and column not in named for column, cell in enumerate(row.cells)):
                self.heads = ()

    def _line(self, row: TableRow, offset: int) -> str:
        first = _first_filled(row)
        if row.is_title(first) and first <= offset:
            return row.cells[first]
        return _labelled(self.heads, row) if self.heads else _bare_line(row, offset)


def row_lines(rows: Iterable[TableRow]) -> Iterator[str]:
    """Yield the lines of a table, as ``TableLines`` formats them."""
    yield from TableLines().of(rows)


def _block(first: TableRow, rows: Iterator[TableRow]) -> tuple[list[TableRow], bool]:
    """Return the next rows up to a blank one, at most a sample, and whether the blank was reached.

    A blank row between the heads and the first row does not end the block.
    """
    block = [first]
    for row in rows:
        if any(row.cells):
            block.append(row)
            if len(block) >= SAMPLE_ROWS:
                return block, False
        elif sum(not each.is_title(_first_filled(each)) for each in block) != 1:
            break
    return block, True


def _first_filled(row: TableRow) -> int:
    return next(column for column, cell in enumerate(row.cells) if cell)


def _bare_line(row: TableRow, offset: int) -> str:
    """Return a row without heads; merged cells are written once."""
    begin = min(_first_filled(row), offset)
    cells = [
        cell for column, cell in enumerate(row.cells) if column >= begin and column not in row.left
    ]
    if len(cells) > _MOST_BLANKS + _BLANKS_PER_CELL * sum(map(bool, cells)):
        return "; ".join(
            f"column {column}: {cell}" for column, cell in enumerate(row.cells, 1) if cell
        )
    return _piped(cells)


def _piped(cells: Sequence[str]) -> str:
    while cells and not cells[-1]:
        cells = cells[:-1]
    return " ".join(" | ".join(cells).split())


def _labelled(heads: Sequence[str], row: TableRow) -> str:
    parts = []
    for column, cell in enumerate(row.cells):
        if cell:
            label = heads[column] if column < len(heads) else ""
            parts.append(f"{label}: {cell}" if label else cell)
    return "; ".join(parts)
