"""Tables of Rich Text: rows whose cells are defined apart from their texts."""

from __future__ import annotations

from dataclasses import dataclass, field

from carrel.ingest.tables.grid import GridCell, SpanExpander, TableRow
from carrel.ingest.tables.rows import TableLines

# A longer table is written in parts, all below the same heads.
_MOST_WAITING = 2_000


@dataclass(slots=True)
class _CellDefinition:
    """``joined`` continues the cell to the left, ``continues`` the one above."""

    joined: bool = False
    continues: bool = False


@dataclass(slots=True)
class RichTextTable:
    """Collects the cells of a table, row by row.

    ``\\trowd`` begins the definition of a row, of which each ``\\cellx`` ends a cell (Rich Text
    Format 1.9.1, table definitions); it is before the row's cells, behind them, or both.
    """

    _cells: list[str] = field(default_factory=list)
    _defined: list[_CellDefinition] = field(default_factory=list)
    _next: _CellDefinition = field(default_factory=_CellDefinition)
    _is_header: bool = False
    _rows: list[TableRow] = field(default_factory=list)
    _spans: SpanExpander = field(default_factory=SpanExpander)
    _lines: TableLines = field(default_factory=TableLines)

    def define(self, word: str) -> None:
        """Process a word of a row's definition; others are ignored."""
        if word == "trowd":
            self._defined, self._next, self._is_header = [], _CellDefinition(), False
        elif word == "cellx":
            self._defined.append(self._next)
            self._next = _CellDefinition()
        elif word == "clmrg":
            self._next.joined = True
        elif word == "clvmrg":
            self._next.continues = True
        elif word == "trhdr":
            self._is_header = True

    def add_cell(self, text: str) -> None:
        """Take the text of the next cell of the row."""
        self._cells.append(text)

    def end_row(self) -> list[str]:
        """End the row; return lines only if many are waiting."""
        if self._cells:
            self._rows.append(self._spans.row(self._grid_cells(), self._is_header))
            self._cells.clear()
        return self._written() if len(self._rows) >= _MOST_WAITING else []

    def end(self) -> list[str]:
        """End the table and return its lines."""
        lines = self._written()
        self._spans, self._lines = SpanExpander(), TableLines()
        return lines

    def _written(self) -> list[str]:
        lines = list(self._lines.of(self._rows))
        self._rows.clear()
        return lines

    def _grid_cells(self) -> list[GridCell]:
        cells: list[GridCell] = []
        for index, text in enumerate(self._cells):
            known = self._defined[index] if index < len(self._defined) else _CellDefinition()
            if known.joined and cells:
                cells.append(GridCell(covered=True))
                continue
            width = 1
            while index + width < len(self._defined) and self._defined[index + width].joined:
                width += 1
            cells.append(GridCell(text, width, continues=known.continues))
        return cells
