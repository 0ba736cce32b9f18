"""Reader of OpenDocument spreadsheets, sheet by sheet and row by row."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from carrel.core.documents import Section
from carrel.core.errors import UnreadableDocument
from carrel.ingest.archives.properties import after_properties
from carrel.ingest.data.line_sections import sections_of_lines
from carrel.ingest.failures import checked_sections
from carrel.ingest.office.opendocument import (
    ANNOTATION,
    CELL,
    COVERED_CELL,
    EQUAL_CELLS,
    EQUAL_ROWS,
    PARAGRAPH,
    ROW,
    STYLE,
    TABLE,
    ScriptStyles,
    blocks,
    comment_text,
    content_events,
    forget,
    grid_cell,
    is_header_row,
    line_of,
    page_margins,
    qualified,
    repetitions,
)
from carrel.ingest.office.sheet_bounds import require_few_sheets
from carrel.ingest.tables.grid import GridCell, SpanExpander, TableRow
from carrel.ingest.tables.rows import row_lines
from carrel.ingest.text.cleaning import one_line

_SHEETS = qualified("office:spreadsheet")
_SHAPES, _FRAME = qualified("table:shapes"), qualified("draw:frame")
_SHEET_NAME = qualified("table:name")
# The value of a cell whose program did not write its displayed text.
_VALUES = tuple(
    qualified(f"office:{name}")
    for name in ("string-value", "date-value", "time-value", "boolean-value", "value")
)
_FORMULA = qualified("table:formula")
_REFERENCE = re.compile(r"\[([^\]]*)\]")
# The limits of the programs; the format has none.
_MOST_ROWS = 1_048_576
_MOST_COLUMNS = 16_384
# Cells and rows have a repeat count. The expanded size is limited over the whole document, in cells
# and characters.
MOST_REPEATED = 50_000_000


class OpenDocumentSpreadsheetReader:
    """Reads ODS: ``page`` is the sheet's number, ``heading`` its name; several rows a section.

    Cells are read as displayed. Comments, charts and text boxes follow the rows of their sheet,
    headers and footers the last sheet.
    """

    @checked_sections
    def read(self, path: Path) -> Generator[Section]:
        """Yield the sections of one sheet after the other, hidden ones included."""
        yield from after_properties(path, _sections(path))


def _sections(path: Path) -> Iterator[Section]:
    expansion = _Expansion()
    number = 0
    with closing(content_events(path)) as events:
        for event, element in events:
            if event == "end" and element.tag == STYLE:
                expansion.scripts.take(element)
            elif event == "start" and _is_sheet(element):
                number += 1
                require_few_sheets(number)
                name = one_line(element.get(_SHEET_NAME, "")) or None
                lines = row_lines(expansion.rows(events, element))
                yield from sections_of_lines(lines, number, name)
                yield from sections_of_lines(expansion.take_attachments(), number, name)
                forget(element)
    if number:
        yield from sections_of_lines(page_margins(path), number)


def _is_sheet(element: Any) -> bool:
    parent = element.getparent()
    return element.tag == TABLE and parent is not None and parent.tag == _SHEETS


class _Expansion:
    """Expands the rows of a document, within limits."""

    def __init__(self) -> None:
        self.scripts = ScriptStyles()
        self._repeated = 0
        self._attachments: list[str] = []

    def take_attachments(self) -> list[str]:
        """Return the lines of comments, charts and text boxes of the sheet that was read last."""
        lines, self._attachments = self._attachments, []
        return lines

    def rows(self, events: Iterator[tuple[str, Any]], sheet: Any) -> Iterator[TableRow]:
        """Yield the rows up to the end of the current sheet."""
        count = 0
        spans = SpanExpander()
        for event, element in events:
            if event == "start":
                continue
            if element is sheet:
                return
            if element.tag == ROW and count < _MOST_ROWS and _is_row_of(element, sheet):
                row = self._cells(element)
                copies = min(repetitions(element, EQUAL_ROWS), _MOST_ROWS - count)
                self._attach(element, count + 1)
                count += copies
                if not row:
                    spans.skip(copies)
                    yield TableRow([])
                else:
                    self._count(copies - 1, len(row) + sum(len(cell.text) for cell in row))
                    for _ in range(copies):
                        yield spans.row(row, is_header_row(element))
            if element.tag == _SHAPES:
                self._attachments += _drawn_lines(element)
            if element.tag == ROW:
                forget(element)

    def _attach(self, row: Any, number: int) -> None:
        """Keep what is on the cells of a row."""
        for comment in row.iter(ANNOTATION):
            place = f"{_column_name(comment.getparent())}{number}"
            self._attachments.append(comment_text(comment, place))
        for frame in row.iter(_FRAME):
            self._attachments += _drawn_lines(frame)

    def _cells(self, row: Any) -> list[GridCell]:
        """Return the cells up to the last one with text."""
        cells: list[GridCell] = []
        blank: list[GridCell] = []
        for cell in row.iterchildren(CELL, COVERED_CELL):
            copies = repetitions(cell, EQUAL_CELLS)
            text = _cell_text(cell, self.scripts) if cell.tag == CELL else ""
            if not text:
                # Blank cells up to the edge of the sheet end nearly every row.
                free = _MOST_COLUMNS - len(cells) - len(blank)
                blank += [grid_cell(cell, "")] * min(copies, free)
                continue
            free = _MOST_COLUMNS - len(cells) - len(blank)
            if free <= 0:
                break
            self._count(len(blank), 1)
            self._count(min(copies, free) - 1, 1 + len(text))
            cells += blank
            cells += [grid_cell(cell, text)] * min(copies, free)
            blank = []
        return cells

    def _count(self, copies: int, size: int) -> None:
        self._repeated += copies * size
        if self._repeated > MOST_REPEATED:
            raise UnreadableDocument("its cells repeat more often than in any real document")


def _drawn_lines(element: Any) -> list[str]:
    return [line for block in blocks(element) if (line := one_line(block.text))]


def _column_name(cell: Any) -> str:
    """Return the letters of a cell's column, counting repeated cells before it."""
    before = cell.itersiblings(CELL, COVERED_CELL, preceding=True)
    index = 1 + sum(repetitions(each, EQUAL_CELLS) for each in before)
    letters = ""
    while index > 0:
        index, letter = divmod(index - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters


def _is_row_of(row: Any, sheet: Any) -> bool:
    return next(row.iterancestors(TABLE), None) is sheet


def _cell_text(cell: Any, scripts: ScriptStyles) -> str:
    shown = one_line("\n".join(line_of(each, scripts) for each in cell.iterchildren(PARAGRAPH)))
    if shown:
        return shown
    value = next((one_line(cell.get(name)) for name in _VALUES if cell.get(name)), "")
    return value or _formula(cell.get(_FORMULA, ""))


def _formula(text: str) -> str:
    """Return a formula without the prefix and the brackets of its language (OpenFormula, 5.8)."""
    _, equals, formula = text.partition("=")
    return one_line(equals + _REFERENCE.sub(_plain_reference, formula))


def _plain_reference(match: re.Match[str]) -> str:
    """Return ``[.A2:.A9]`` as ``A2:A9``, and ``[Sheet2.B1]`` as ``Sheet2.B1``."""
    return ":".join(part.removeprefix(".") for part in match[1].split(":"))
