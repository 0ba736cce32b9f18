"""Cells of an Excel sheet with openpyxl: as shown, with merged ranges and formulas."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from typing import Any

from openpyxl.cell.read_only import ReadOnlyCell
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.formula.tokenizer import TokenizerError
from openpyxl.formula.translate import TranslatorError
from openpyxl.utils.cell import coordinate_to_tuple
from openpyxl.worksheet._reader import FORMULA_TAG, WorkSheetParser

from carrel.core.errors import UnreadableDocument
from carrel.ingest.office.number_format import shown_number
from carrel.ingest.office.open_xml.sheet_margins import TAIL_BYTES, margin_lines
from carrel.ingest.office.sheet_bounds import BlankCells
from carrel.ingest.tables.grid import TableRow
from carrel.ingest.tables.merged_ranges import MergedRange, SheetRow, merged_rows
from carrel.ingest.text.cleaning import one_line
from carrel.ingest.text.raised import lowered, plain_scripts, raised
from carrel.ingest.text_bound import TextBound

# The limits of the format (ECMA-376). A damaged row number must not make millions of empty rows.
_MOST_ROWS = 1_048_576
_MOST_COLUMNS = 16_384
_MOST_RANGES = 200_000
_CHUNK = 1 << 20
_LONGEST_ELEMENT = 200
_MERGED = re.compile(
    rb"""<(?:\w+:)?mergeCell\s[^>]*?\bref=["']\$?([A-Z]{1,3}\$?\d{1,7}):\$?([A-Z]{1,3}\$?\d{1,7})"""
)
_SCRIPTS = {"superscript": raised, "subscript": lowered}


def sheet_rows(
    sheet: Any, bound: TextBound, blank: BlankCells, margins: list[str]
) -> Iterator[TableRow]:
    """Yield the rows of a sheet of a workbook that was opened to be read only.

    Merged cells repeat their text. A formula without a stored result gives its own text. Headers
    and footers, which are behind the rows, are added to ``margins``.
    """
    ranges, tail = _behind_the_cells(sheet)
    margins += margin_lines(tail)
    yield from merged_rows(_stored_rows(sheet, bound, blank), ranges)


class _Parser(WorkSheetParser):  # type: ignore[misc]
    """Gives cells the text of their formula if its result was never stored."""

    def parse_cell(self, element: Any) -> Any:
        cell = super().parse_cell(element)
        if cell["value"] is None and element.find(FORMULA_TAG) is not None:
            cell["value"], cell["data_type"] = self._formula(element), "s"
        return cell

    def _formula(self, element: Any) -> str:
        try:
            formula = self.parse_formula(element)
        except (TokenizerError, TranslatorError, ValueError):
            formula = f"={element.findtext(FORMULA_TAG) or ''}"
        return str(getattr(formula, "text", None) or formula)


def _stored_rows(sheet: Any, bound: TextBound, blank: BlankCells) -> Iterator[SheetRow]:
    workbook = sheet.parent
    with sheet._get_source() as source:
        parser = _Parser(
            source,
            sheet._shared_strings,
            data_only=True,
            epoch=workbook.epoch,
            date_formats=workbook._date_formats,
            timedelta_formats=workbook._timedelta_formats,
            rich_text=True,
        )
        for number, cells in parser.parse():
            if number > _MOST_ROWS:
                break
            row = _row([ReadOnlyCell(sheet, **cell) for cell in cells], bound, blank)
            yield SheetRow(number - 1, *row)


def _row(cells: list[ReadOnlyCell], bound: TextBound, blank: BlankCells) -> tuple[list[str], bool]:
    """Return the texts of a row, and whether all of them are bold."""
    texts: list[str] = []
    bold = True
    for cell in cells:
        # A shared string is stored once, however many cells refer to it.
        text = _cell_text(cell)
        if not text or not 0 < cell.column <= _MOST_COLUMNS:
            continue
        bound.count(len(text))
        blank.add(max(0, cell.column - len(texts) - 1))
        texts += [""] * (cell.column - len(texts))
        texts[cell.column - 1] = text
        bold = bold and _is_bold(cell)
    return texts, bold


def _is_bold(cell: ReadOnlyCell) -> bool:
    return bool(cell._style_id and cell.font.b)


def _cell_text(cell: ReadOnlyCell) -> str:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (int, float)):
        return shown_number(value, cell.number_format or "")
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time()
        return value.date().isoformat() if midnight else value.isoformat(" ", "minutes")
    if isinstance(value, CellRichText):
        return plain_scripts(one_line("".join(map(_part_text, value))))
    return one_line(str(value))


def _part_text(part: TextBlock | str) -> str:
    if isinstance(part, str):
        return part
    script = _SCRIPTS.get(part.font.vertAlign or "")
    return script(part.text) if script else str(part.text)


def _behind_the_cells(sheet: Any) -> tuple[list[MergedRange], bytes]:
    """Return the merged ranges, which are needed before the cells, and the end of the part."""
    ranges: list[MergedRange] = []
    tail = b""
    with sheet._get_source() as source:
        rest = b""
        while chunk := source.read(_CHUNK):
            data = rest + chunk
            tail = (tail + chunk)[-TAIL_BYTES:]
            if b"mergeCell" in data:
                ranges += map(_range, _MERGED.finditer(data))
            last = max((match.end() for match in _MERGED.finditer(data)), default=0)
            rest = data[max(last, len(data) - _LONGEST_ELEMENT) :]
            if len(ranges) > _MOST_RANGES:
                raise UnreadableDocument("it has more merged cells than any real document")
    return ranges, tail


def _range(match: re.Match[bytes]) -> MergedRange:
    (first_row, first_column), (last_row, last_column) = (
        coordinate_to_tuple(corner.decode().replace("$", "")) for corner in match.groups()
    )
    return MergedRange(
        first_row - 1,
        min(last_row, _MOST_ROWS) - 1,
        first_column - 1,
        min(last_column, _MOST_COLUMNS) - 1,
    )
