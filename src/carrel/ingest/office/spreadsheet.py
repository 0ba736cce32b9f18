"""Reader of Excel workbooks with openpyxl, sheet by sheet and row by row."""

from __future__ import annotations

import datetime
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import openpyxl

from carrel.core.documents import Section
from carrel.ingest.archives.properties import after_properties
from carrel.ingest.data.rows import row_lines, sections_of_lines
from carrel.ingest.failures import checked_sections
from carrel.ingest.office.number_format import shown_number
from carrel.ingest.office.open_xml.packages import opened_package
from carrel.ingest.office.open_xml.sheet_attachments import SheetAttachments
from carrel.ingest.remarks import Remarks
from carrel.ingest.text.cleaning import one_line
from carrel.ingest.text_bound import TextBound

# The limits of the format (ECMA-376). A damaged row number must not make millions of empty rows.
_MOST_ROWS = 1_048_576
_MOST_COLUMNS = 16_384


class SpreadsheetReader:
    """Reads XLSX: ``page`` is the sheet's number, ``heading`` its name; several rows a section.

    Formulas give their last stored result. Percentages, amounts and other numbers are formatted as
    in the sheet, dates in the order year, month, day. Comments, charts, text boxes and alternative
    texts of pictures follow the rows of their sheet. Hidden sheets are marked, macros are skipped.
    """

    @checked_sections
    def read(self, path: Path) -> Generator[Section]:
        """Yield the sections of one sheet after the other, hidden ones included."""
        remarks = Remarks()
        # A stream, because openpyxl refuses paths by suffix, and those of a store have none.
        with (
            opened_package(path) as stream,
            closing(openpyxl.load_workbook(stream, read_only=True, data_only=True)) as workbook,
        ):
            # A shared string is stored once, however many cells of one row refer to it.
            bound = TextBound.of(path)
            attachments = SheetAttachments(stream, remarks)
            attachments.open()
            sections = _sections(workbook, attachments, bound)
            yield from after_properties(stream, remarks.carried_by(sections))


def _sections(workbook: Any, attachments: SheetAttachments, bound: TextBound) -> Iterator[Section]:
    count = len(workbook.sheetnames)
    for number, name in enumerate(workbook.sheetnames, start=1):
        sheet = workbook[name]
        heading = name if sheet.sheet_state == "visible" else f"{name} (hidden)"
        # A sheet that is one chart has no rows.
        if hasattr(sheet, "reset_dimensions"):
            yield from sections_of_lines(row_lines(_rows(sheet, bound)), number, heading, count)
        yield from sections_of_lines(attachments.lines(name), number, heading, count)


def _rows(sheet: Any, bound: TextBound) -> Iterator[list[str]]:
    # The declared dimensions are often wrong; the rows themselves are right.
    sheet.reset_dimensions()
    for row in sheet.iter_rows(max_row=_MOST_ROWS):
        cells = []
        for cell in row[:_MOST_COLUMNS]:
            if isinstance(cell.value, str):
                bound.count(len(cell.value))
            cells.append(_cell_text(cell))
        yield cells


def _cell_text(cell: Any) -> str:
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
    return one_line(str(value))
