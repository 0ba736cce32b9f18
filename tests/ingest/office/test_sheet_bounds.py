"""Workbooks with sheets without number, and with cells at the far corner of a sheet."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from carrel.core.errors import DocumentTooLarge
from carrel.ingest.office.sheet_bounds import MOST_BLANK_CELLS, MOST_SHEETS, BlankCells
from carrel.ingest.registry import default_registry
from samples.damaged_files import zip_of
from samples.old_documents import write_xls
from samples.open_documents import write_ods
from samples.open_xml import parts_of

RELATIONSHIPS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def read(path: Path) -> list[str]:
    reader = default_registry().reader_for(path, path.name)
    return [section.text for section in reader.read(path)]


def write_far(path: Path, rows: list[int]) -> Path:
    """Write a sheet with a cell in the last column of each of these rows."""
    openpyxl.Workbook().save(path)
    parts = parts_of(path)
    name = "xl/worksheets/sheet1.xml"
    cells = "".join(f'<row r="{row}"><c r="XFD{row}"><v>{row}</v></c></row>' for row in rows)
    whole = parts[name].replace(b"<sheetData></sheetData>", b"<sheetData/>")
    filled = whole.replace(b"<sheetData/>", f"<sheetData>{cells}</sheetData>".encode())
    path.write_bytes(zip_of(parts | {name: filled}))
    return path


def test_a_workbook_of_one_sheet_under_99_999_names_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    openpyxl.Workbook().save(path)
    parts = parts_of(path)
    head, _, rest = parts["xl/workbook.xml"].partition(b"<sheets>")
    _, _, tail = rest.partition(b"</sheets>")
    sheets = "".join(
        f'<sheet xmlns:r="{RELATIONSHIPS}" name="S{n}" sheetId="{n}" r:id="rId1"/>'
        for n in range(1, 100_000)
    )
    parts["xl/workbook.xml"] = head + b"<sheets>" + sheets.encode() + b"</sheets>" + tail
    path.write_bytes(zip_of(parts))
    with pytest.raises(DocumentTooLarge, match=r"99,999 sheets.*at most 5,000"):
        read(path)


@pytest.mark.parametrize("suffix", [".ods", ".xls"])
def test_other_workbooks_have_the_same_bound(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    sheets = {f"S{number}": [["x"]] for number in range(MOST_SHEETS + 1)}
    if suffix == ".ods":
        write_ods(path, sheets)
    else:
        write_xls(path, sheets)
    with pytest.raises(DocumentTooLarge, match="5,001 sheets"):
        read(path)


def test_cells_at_the_corner_of_a_sheet_are_read(tmp_path: Path) -> None:
    assert read(write_far(tmp_path / "a.xlsx", [1, 1_048_576])) == ["1\n1048576"]


def test_blank_cells_are_counted_over_all_sheets() -> None:
    blank = BlankCells()
    blank.add(MOST_BLANK_CELLS - 16_383)
    blank.add(16_383)
    with pytest.raises(DocumentTooLarge, match="so far apart that 50,000,000 blank ones"):
        blank.add(1)
