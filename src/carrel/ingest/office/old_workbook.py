"""Reader of old Excel workbooks with xlrd, sheet by sheet and row by row."""

from __future__ import annotations

import datetime
import os
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

import xlrd

from carrel.core.documents import Section
from carrel.core.errors import EncryptedDocument, UnreadableDocument
from carrel.ingest.data.line_sections import sections_of_lines
from carrel.ingest.failures import checked_sections
from carrel.ingest.office.number_format import shown_number
from carrel.ingest.office.sheet_bounds import require_few_sheets
from carrel.ingest.tables.merged_ranges import MergedRange, SheetRow, merged_rows
from carrel.ingest.tables.rows import row_lines
from carrel.ingest.text.cleaning import one_line
from carrel.ingest.text.raised import lowered, plain_scripts, raised

_ENCRYPTED = "encrypted"
_SCRIPTS = {1: raised, 2: lowered}
# A text is stored once, however many cells show it.
MOST_CHARACTERS = 1 << 28


class OldWorkbookReader:
    """Reads XLS: ``page`` is the sheet's number, ``heading`` its name; several rows a section.

    Formulas give their last stored result. Percentages, amounts and other numbers are formatted as
    in the sheet, dates in the order year, month, day.
    """

    @checked_sections
    def read(self, path: Path) -> Generator[Section]:
        """Yield the sections of one sheet after the other, hidden ones included."""
        # xlrd prints warnings.
        with Path(os.devnull).open("w") as log, _workbook(path, log) as workbook:
            require_few_sheets(workbook.nsheets)
            characters = 0
            for number, name in enumerate(workbook.sheet_names(), start=1):
                sheet = workbook.sheet_by_index(number - 1)
                ranges = (MergedRange(a, b - 1, c, d - 1) for a, b, c, d in sheet.merged_cells)
                lines = row_lines(merged_rows(_rows(workbook, sheet), ranges))
                heading = one_line(name) or None
                for section in sections_of_lines(lines, number, heading, workbook.nsheets):
                    characters += len(section.text)
                    if characters > MOST_CHARACTERS:
                        raise UnreadableDocument("it holds more text than any real document")
                    yield section
                workbook.unload_sheet(number - 1)


def _workbook(path: Path, log: Any) -> Any:
    try:
        return xlrd.open_workbook(
            path, logfile=log, on_demand=True, ragged_rows=True, formatting_info=True
        )
    except xlrd.XLRDError as error:
        if _ENCRYPTED in str(error):
            raise EncryptedDocument(
                "it is password protected: save a copy without the password and add that"
            ) from error
        raise


def _rows(workbook: Any, sheet: Any) -> Iterator[SheetRow]:
    for number in range(sheet.nrows):
        cells = sheet.row(number)
        texts = [
            _cell_text(workbook, cell, sheet.rich_text_runlist_map.get((number, column)))
            for column, cell in enumerate(cells)
        ]
        filled = (cell for cell, text in zip(cells, texts, strict=True) if text)
        yield SheetRow(number, texts, all(_is_bold(workbook, cell) for cell in filled))


def _is_bold(workbook: Any, cell: Any) -> bool:
    font = workbook.xf_list[cell.xf_index].font_index
    return font < len(workbook.font_list) and bool(workbook.font_list[font].bold)


def _cell_text(workbook: Any, cell: Any, runs: Sequence[tuple[int, int]] | None) -> str:
    """Return a cell as shown; ``runs`` are where the fonts of its text change, and to which."""
    value = cell.value
    if cell.ctype == xlrd.XL_CELL_NUMBER:
        style = workbook.xf_list[cell.xf_index]
        return shown_number(value, workbook.format_map[style.format_key].format_str)
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return "TRUE" if value else "FALSE"
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return str(xlrd.error_text_from_code.get(value, ""))
    if cell.ctype == xlrd.XL_CELL_DATE:
        return _date_text(value, workbook.datemode)
    text = str(value)
    return one_line(plain_scripts(_marked(workbook, text, runs)) if runs else text)


def _marked(workbook: Any, text: str, runs: Sequence[tuple[int, int]]) -> str:
    """Return a text with its raised and lowered parts marked."""
    ends = [*(begin for begin, _ in runs[1:]), len(text)]
    parts = [text[: runs[0][0]]]
    for (begin, font), end in zip(runs, ends, strict=True):
        known = font < len(workbook.font_list)
        script = _SCRIPTS.get(workbook.font_list[font].escapement) if known else None
        part = text[begin:end]
        parts.append(script(part) if script and part else part)
    return "".join(parts)


def _date_text(value: float, datemode: int) -> str:
    moment: datetime.datetime
    try:
        moment = xlrd.xldate_as_datetime(value, datemode)
    except (ValueError, OverflowError):
        # An invalid date: the number itself.
        return f"{value:.15g}"
    if value < 1:
        return moment.time().isoformat("minutes")
    midnight = moment.time() == datetime.time()
    return moment.date().isoformat() if midnight else moment.isoformat(" ", "minutes")
