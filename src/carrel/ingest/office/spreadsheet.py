"""Reader of Excel workbooks with openpyxl, sheet by sheet and row by row."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import Any

import openpyxl

from carrel.core.documents import Section
from carrel.ingest.archives.properties import after_properties
from carrel.ingest.data.line_sections import sections_of_lines
from carrel.ingest.failures import checked_sections
from carrel.ingest.office.open_xml.packages import opened_package
from carrel.ingest.office.open_xml.sheet_attachments import SheetAttachments
from carrel.ingest.office.sheet_bounds import BlankCells, require_few_sheets
from carrel.ingest.office.sheet_cells import sheet_rows
from carrel.ingest.remarks import Remarks
from carrel.ingest.tables.rows import row_lines
from carrel.ingest.text_bound import TextBound


class SpreadsheetReader:
    """Reads XLSX: ``page`` is the sheet's number, ``heading`` its name; several rows a section.

    Formulas give their last stored result, or themselves if there is none. Merged cells repeat what
    they span. Percentages, amounts and other numbers are formatted as in the sheet, dates in the
    order year, month, day. Headers, footers, comments, charts, text boxes and alternative texts
    of pictures follow the rows of their sheet. Hidden sheets are marked, macros are skipped.
    """

    @checked_sections
    def read(self, path: Path) -> Generator[Section]:
        """Yield the sections of one sheet after the other, hidden ones included."""
        remarks = Remarks()
        # A stream, because openpyxl refuses paths by suffix, and those of a store have none.
        with opened_package(path) as stream:
            attachments = SheetAttachments(stream, remarks)
            require_few_sheets(attachments.open())
            with closing(
                openpyxl.load_workbook(stream, read_only=True, data_only=True, rich_text=True)
            ) as workbook:
                sections = _sections(workbook, attachments, TextBound.of(path))
                yield from after_properties(stream, remarks.carried_by(sections))


def _sections(workbook: Any, attachments: SheetAttachments, bound: TextBound) -> Iterator[Section]:
    count = len(workbook.sheetnames)
    blank = BlankCells()
    for number, name in enumerate(workbook.sheetnames, start=1):
        sheet = workbook[name]
        heading = name if sheet.sheet_state == "visible" else f"{name} (hidden)"
        # A sheet that is one chart has no rows.
        if hasattr(sheet, "reset_dimensions"):
            margins: list[str] = []
            lines = row_lines(sheet_rows(sheet, bound, blank, margins))
            yield from sections_of_lines(chain(lines, margins), number, heading, count)
        yield from sections_of_lines(attachments.lines(name), number, heading, count)
