"""Cells with spans, as formats store them, as rows in which every column has its text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from carrel.core.errors import UnreadableDocument

MOST_COLUMNS = 16_384
"""The limit of spreadsheet programs (ECMA-376)."""

MOST_REPEATED = 20_000_000
"""Maximum characters by which the merged cells of one table grow its text."""

_NONE: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class GridCell:
    """A cell as a file stores it; ``text`` is clean and on one line.

    ``continues`` marks a cell that belongs to the one above it (the ``vMerge`` of Word), and
    ``covered`` a placeholder below or beside a merged cell (OpenDocument, PowerPoint).
    """

    text: str = ""
    columns: int = 1
    rows: int = 1
    continues: bool = False
    covered: bool = False


@dataclass(frozen=True, slots=True)
class TableRow:
    """The text of each column.

    ``left`` and ``above`` are the columns whose text is that of a merged cell which begins to the
    left, or in a row above. ``header`` is set for rows that the file marks as heads of columns, and
    ``shown_as_header`` for those that only look like it, such as bold ones.
    """

    cells: list[str]
    left: frozenset[int] = _NONE
    above: frozenset[int] = _NONE
    header: bool = False
    shown_as_header: bool = False

    def is_title(self, first: int = 0) -> bool:
        """Whether the row is one text: in the first column alone, or across the others, too."""
        filled = [column for column, cell in enumerate(self.cells) if cell]
        return filled[:1] == [first] and self.left.issuperset(filled[1:])

    def filled(self) -> int:
        """Return how many cells have text; a merged one counts once."""
        return sum(bool(cell) for column, cell in enumerate(self.cells) if column not in self.left)

    def is_repetition(self) -> bool:
        """Whether the row has nothing but merged cells that begin above it."""
        return bool(self.above) and not any(
            cell for column, cell in enumerate(self.cells) if column not in self.above
        )

    def from_column(self, first: int) -> TableRow:
        """Return the row without the columns before ``first``."""
        if not first:
            return self
        return TableRow(
            self.cells[first:],
            frozenset(column - first for column in self.left if column >= first),
            frozenset(column - first for column in self.above if column >= first),
            self.header,
            self.shown_as_header,
        )


class SpanExpander:
    """Repeats merged cells of one table, row by row."""

    def __init__(self) -> None:
        # By column: the text of a merged cell, how many rows it still covers, and whether it begins
        # further to the left.
        self._open: dict[int, tuple[str, int, bool]] = {}
        self._last: list[str] = []
        self._repeated = 0

    def row(
        self, cells: Iterable[GridCell], header: bool = False, shown_as_header: bool = False
    ) -> TableRow:
        """Return the next row.

        Raises:
            UnreadableDocument: the merged cells repeat their text more often than in any real
                document.
        """
        texts: list[str] = []
        left: set[int] = set()
        above: set[int] = set()
        placeholders = 0
        for cell in cells:
            if cell.covered and placeholders:
                placeholders -= 1
                continue
            if self._open:
                open_before = len(texts) in self._open
                self._continue_open(texts, left, above, one=cell.covered)
                if cell.covered and open_before:
                    continue
            if len(texts) >= MOST_COLUMNS:
                break
            placeholders = cell.columns - 1
            if cell.columns == cell.rows == 1 and not cell.continues:
                texts.append(cell.text)
            else:
                self._place(cell, texts, left, above)
        self._continue_open(texts, left, above)
        while self._open and max(self._open) >= len(texts):
            texts.append("")
            self._continue_open(texts, left, above)
        self._last = texts
        return TableRow(texts, frozenset(left), frozenset(above), header, shown_as_header)

    def skip(self, rows: int) -> None:
        """Pass rows that the file does not store because they are blank."""
        self._open = {
            column: (text, left - rows, joined)
            for column, (text, left, joined) in self._open.items()
            if left > rows
        }

    def _place(self, cell: GridCell, texts: list[str], left: set[int], above: set[int]) -> None:
        begin = len(texts)
        text = cell.text
        if cell.continues:
            text = text or (self._last[begin] if begin < len(self._last) else "")
        width = max(1, min(cell.columns, MOST_COLUMNS - begin))
        for column in range(begin, begin + width):
            if column > begin:
                left.add(column)
            if cell.continues:
                above.add(column)
            if column > begin or cell.continues:
                self._count(text)
            if cell.rows > 1:
                self._open[column] = text, cell.rows - 1, column > begin
            texts.append(text)

    def _continue_open(
        self, texts: list[str], left: set[int], above: set[int], one: bool = False
    ) -> None:
        """Add the merged cells from above that cover the next columns."""
        while (column := len(texts)) in self._open:
            text, rows, joined = self._open.pop(column)
            if rows > 1:
                self._open[column] = text, rows - 1, joined
            self._count(text)
            above.add(column)
            if joined:
                left.add(column)
            texts.append(text)
            if one:
                return

    def _count(self, text: str) -> None:
        self._repeated += 1 + len(text)
        if self._repeated > MOST_REPEATED:
            raise UnreadableDocument("its cells repeat more often than in any real document")
