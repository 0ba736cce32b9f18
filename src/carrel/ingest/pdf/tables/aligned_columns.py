"""Finds tables without ruled lines on a PDF page by the alignment of their cells."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, field
from itertools import pairwise

import pypdfium2

from carrel.ingest.pdf.tables.ruled_lines import Grid

# Columns of prose are aligned like those of a table. Tables differ by cells with only a number, and
# short cells beside them.
_FEWEST_ROWS = 3
_NUMBER = re.compile(r"[-−+(]?[^\w\s]?\s?\d[\d.,:/\s-]*\s?[^\w\s]?\)?")
# Bullets, and leaders to the page numbers of an index, often in two columns.
_MARKER = re.compile(r"\(?\d{1,3}[.)]")
_LEADERS = re.compile(r"(?:\. ?){4}")
_MOST_NUMBERS_MISSING = 0.4
_LONGEST_MEAN = 30
# Lines of a wrapped cell, and headings among the rows, per whole row.
_MOST_SINGLE = 0.5
# Lines of prose are long, and most of them extend to the edge of their column.
_LONG = 25
_FULL_WIDTH = 0.8
_MOST_RUNNING = 0.6
_SAMPLE_ROWS = 12
# A page with more pieces of text is a drawing.
_MOST_PIECES = 2_000
# In points, and in heights of a line.
_GAP = 4.0
_SAME_CELL = 0.5
_ROW_DISTANCE = 3.0


@dataclass(frozen=True, slots=True)
class _Cell:
    left: float
    bottom: float
    right: float
    top: float

    @property
    def height(self) -> float:
        return self.top - self.bottom


@dataclass(slots=True)
class _Block:
    """Consecutive rows whose cells are aligned in the same columns.

    ``below_text`` if a line of other text is close above them.
    """

    below_text: bool = False
    rows: list[list[_Cell]] = field(default_factory=list)
    columns: list[tuple[float, float]] = field(default_factory=list)

    def takes(self, row: Sequence[_Cell]) -> bool:
        """Add a row if it is aligned with the columns, and close below."""
        if self.rows and self.rows[-1][0].bottom - row[0].top > _ROW_DISTANCE * row[0].height:
            return False
        columns = _joined([*self.columns, *((cell.left, cell.right) for cell in row)])
        if len(columns) < max(2, len(self.columns)):
            return False
        # The title of a group is in the column of labels, and may be a little farther left.
        if len(row) < 2 and (not self.columns or columns[1:] != self.columns[1:]):
            return False
        self.rows.append(list(row))
        self.columns = columns
        return True

    def column(self, cell: _Cell) -> int:
        """Return the number of the cell's column."""
        return next(number for number, span in enumerate(self.columns) if cell.left <= span[1])

    def fills(self, cell: _Cell) -> bool:
        """Whether the cell extends to the edge of its column, or nearly."""
        left, right = self.columns[self.column(cell)]
        return cell.right - left > _FULL_WIDTH * (right - left)


def aligned_grids(text_page: pypdfium2.PdfTextPage) -> list[Grid]:
    """Return the tables of three or more rows with a column of numbers, from top to bottom."""
    count = text_page.count_rects()
    if not 2 * _FEWEST_ROWS <= count <= _MOST_PIECES:
        return []
    pieces = [_Cell(*text_page.get_rect(index)) for index in range(count)]
    return [_grid(block) for block in _blocks(_rows(pieces)) if _is_table(text_page, block)]


def _rows(pieces: Sequence[_Cell]) -> Iterator[list[_Cell]]:
    """Yield the pieces of one line, from the left, those of one cell joined."""
    row: list[_Cell] = []
    for piece in sorted(pieces, key=lambda each: -(each.top + each.bottom)):
        if row and min(row[0].top, piece.top) - max(row[0].bottom, piece.bottom) <= (
            _SAME_CELL * min(row[0].height, piece.height)
        ):
            yield _cells(row)
            row = []
        row.append(piece)
    if row:
        yield _cells(row)


def _cells(pieces: Sequence[_Cell]) -> list[_Cell]:
    cells: list[_Cell] = []
    for piece in sorted(pieces, key=lambda each: each.left):
        before = cells[-1] if cells else None
        if before and piece.left - before.right < _SAME_CELL * piece.height:
            cells[-1] = _Cell(
                before.left,
                min(before.bottom, piece.bottom),
                max(before.right, piece.right),
                max(before.top, piece.top),
            )
        else:
            cells.append(piece)
    return cells


def _blocks(rows: Iterator[list[_Cell]]) -> Iterator[_Block]:
    block = _Block()
    before: list[_Cell] = []
    for row in rows:
        close = bool(before) and before[0].bottom - row[0].top < row[0].height
        if block.rows and not block.takes(row):
            yield block
            block = _Block()
        if not block.rows and block.takes(row):
            block.below_text = close
        before = row
    yield block


def _joined(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    joined: list[tuple[float, float]] = []
    for left, right in sorted(spans):
        if joined and left - joined[-1][1] < _GAP:
            joined[-1] = joined[-1][0], max(joined[-1][1], right)
        else:
            joined.append((left, right))
    return joined


def _is_table(text_page: pypdfium2.PdfTextPage, block: _Block) -> bool:
    """Whether a block is a table; other lines at its top and bottom are removed from it."""
    # A single cell below the last row begins the text after the table.
    while block.rows and len(block.rows[-1]) < 2:
        block.rows.pop()
    whole = [row for row in block.rows if len(row) > 1]
    if len(whole) < _FEWEST_ROWS or len(block.rows) - len(whole) > _MOST_SINGLE * len(whole):
        return False
    numbers = [0] * len(block.columns)
    running = [0] * len(block.columns)
    words = letters = head = rows = labels = 0
    for row in whole[:_SAMPLE_ROWS]:
        texts = [text_page.get_text_bounded(*astuple(cell)).strip() for cell in row]
        if any(_LEADERS.search(text) for text in texts):
            return False
        places = zip(map(block.column, row), texts, strict=True)
        columns = [column for column, text in places if _is_number(text, column)]
        for column in columns:
            numbers[column] += 1
        for cell, text in zip(row, texts, strict=True):
            running[block.column(cell)] += len(text) > _LONG and block.fills(cell)
        words += len(texts) - len(columns)
        letters += sum(len(text) for text in texts if not _NUMBER.fullmatch(text))
        if letters > _LONGEST_MEAN * (words + 2):
            return False
        rows += bool(columns)
        head += not rows
        labels += bool(rows) * sum(not _is_number(text, 1) for text in texts[1:])
    block.rows = block.rows[block.rows.index(whole[_rows_above(block, whole, head)]) :]
    seen = min(len(whole), _SAMPLE_ROWS) - head
    if max(running) > _MOST_RUNNING * seen:
        # Text beside a table.
        return False
    enough = max(_FEWEST_ROWS, (1 - _MOST_NUMBERS_MISSING) * seen)
    # With blank cells no column is full, but everything behind the first one is a number.
    sparse = head == 1 and not labels and rows >= _FEWEST_ROWS
    named = sparse and len(whole[0]) == len(block.columns) > 2
    return letters <= _LONGEST_MEAN * words and (named or any(count >= enough for count in numbers))


def _is_number(text: str, column: int) -> bool:
    return bool(_NUMBER.fullmatch(text)) and (column > 0 or not _MARKER.fullmatch(text))


def _rows_above(block: _Block, whole: Sequence[Sequence[_Cell]], head: int) -> int:
    """Return how many rows at the top are not part of the table: column names in several lines.

    Names in one line, one for each column, are its first row.
    """
    if head != 1 or block.below_text or len(whole[0]) != len(block.columns):
        return min(head, len(whole) - 1)
    return 0


def _grid(block: _Block) -> Grid:
    columns = [
        block.columns[0][0] - _GAP,
        *((before[1] + after[0]) / 2 for before, after in pairwise(block.columns)),
        block.columns[-1][1] + _GAP,
    ]
    spans = [
        (min(cell.bottom for cell in row), max(cell.top for cell in row)) for row in block.rows
    ]
    rows = [
        spans[0][1] + 1,
        *((above[0] + below[1]) / 2 for above, below in pairwise(spans)),
        spans[-1][0] - 1,
    ]
    return Grid(tuple(columns), tuple(reversed(rows)))
