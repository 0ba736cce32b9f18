from __future__ import annotations

from pathlib import Path

import pytest

from carrel.core.documents import Section
from carrel.core.errors import UnreadableDocument
from carrel.ingest.office.opendocument_spreadsheet import OpenDocumentSpreadsheetReader
from samples.open_documents import table_xml, write_ods, write_open_document


def read(path: Path) -> list[Section]:
    return list(OpenDocumentSpreadsheetReader().read(path))


def read_rows(path: Path, rows: str) -> list[str]:
    """Return the lines of a document with one sheet that holds the given XML."""
    body = f'<table:table table:name="S">{rows}</table:table>'
    sections = read(write_open_document(path, "spreadsheet", body))
    return [line for section in sections for line in section.text.split("\n")]


def row(*cells: str, attributes: str = "") -> str:
    return f"<table:table-row {attributes}>{''.join(cells)}</table:table-row>"


def cell(text: str, attributes: str = "") -> str:
    shown = f"<text:p>{text}</text:p>" if text else ""
    return f"<table:table-cell {attributes}>{shown}</table:table-cell>"


def test_sheets_are_pages_and_rows_carry_their_header(tmp_path: Path) -> None:
    path = write_ods(
        tmp_path / "a.ods",
        {
            "Sales": [["Year", "Sum"], ["2020", "1.5"], ["2021", "2"]],
            "Blank": [],
            "Names": [["Ann", "Bob"]],
        },
    )
    assert read(path) == [
        Section("Year | Sum\nYear: 2020; Sum: 1.5\nYear: 2021; Sum: 2", page=1, heading="Sales"),
        Section("Ann | Bob", page=3, heading="Names"),
    ]


def test_a_cell_reads_as_it_shows_and_else_by_its_value(tmp_path: Path) -> None:
    rows = row(
        cell("12.5 %", 'office:value="0.125"'),
        "<table:table-cell><text:p>two</text:p><text:p>lines</text:p></table:table-cell>",
        cell("", 'office:value="3"'),
        cell("", 'office:date-value="2024-02-29"'),
        "<table:table-cell><office:annotation><text:p>remark</text:p></office:annotation>"
        "<text:p>5</text:p></table:table-cell>",
    )
    assert read_rows(tmp_path / "a.ods", rows) == [
        "12.5 % | two lines | 3 | 2024-02-29 | 5",
        "Comment on E1: remark",
    ]


def test_a_formula_without_a_value_reads_as_itself(tmp_path: Path) -> None:
    rows = row(cell("Sum"), cell("Total")) + row(
        cell("", 'office:value="2"'), cell("", 'table:formula="of:=SUM([.A2:.A9])*[Sheet2.B1]"')
    )
    assert read_rows(tmp_path / "a.ods", rows) == [
        "Sum | Total",
        "Sum: 2; Total: =SUM(A2:A9)*Sheet2.B1",
    ]


def test_repeated_cells_and_rows_are_written_out(tmp_path: Path) -> None:
    rows = (
        row(cell("A"), cell("B"), cell("C"), cell("D"))
        + row(
            cell("1", 'table:number-columns-repeated="2"'),
            cell("", 'table:number-columns-repeated="1"'),
            cell("4"),
            attributes='table:number-rows-repeated="2"',
        )
        + row("<table:covered-table-cell/>", cell("7"), cell("8"))
    )
    assert read_rows(tmp_path / "a.ods", rows) == [
        "A | B | C | D",
        "A: 1; B: 1; D: 4",
        "A: 1; B: 1; D: 4",
        "B: 7; C: 8",
    ]


def test_blank_cells_and_rows_up_to_the_edge_of_the_sheet_make_nothing(tmp_path: Path) -> None:
    rows = row(cell("a"), cell("", 'table:number-columns-repeated="16383"')) + row(
        cell("", 'table:number-columns-repeated="16384"'),
        attributes='table:number-rows-repeated="1048575"',
    )
    assert read_rows(tmp_path / "a.ods", rows) == ["a"]


@pytest.mark.parametrize(
    ("columns", "rows", "text"),
    [("16384", "1048576", "a"), ("9" * 30, "9" * 30, "a"), ("16384", "1", "long" * 2000)],
)
def test_numbers_that_make_millions_of_cells_are_refused(
    tmp_path: Path, columns: str, rows: str, text: str
) -> None:
    bomb = row(
        cell(text, f'table:number-columns-repeated="{columns}"'),
        attributes=f'table:number-rows-repeated="{rows}"',
    )
    with pytest.raises(UnreadableDocument, match="repeat more often"):
        read_rows(tmp_path / "a.ods", bomb)


def test_many_small_repetitions_are_counted_together(tmp_path: Path) -> None:
    far = row(cell("", 'table:number-columns-repeated="16000"'), cell("x"))
    with pytest.raises(UnreadableDocument, match="repeat more often"):
        read_rows(tmp_path / "a.ods", far * 4000)


def test_a_cell_beyond_the_last_column_is_left_out(tmp_path: Path) -> None:
    far = row(cell("a"), cell("", f'table:number-columns-repeated="{"9" * 20}"'), cell("b"))
    assert read_rows(tmp_path / "a.ods", far) == ["a"]


def test_rows_in_groups_are_read_and_tables_in_shapes_are_not(tmp_path: Path) -> None:
    rows = (
        f"<table:shapes><draw:frame>{table_xml([['drawn']])}</draw:frame></table:shapes>"
        f"<table:table-header-rows>{row(cell('Name'), cell('Age'))}</table:table-header-rows>"
        f"<table:table-row-group>{row(cell('Ann'), cell('7'))}</table:table-row-group>"
    )
    assert read_rows(tmp_path / "a.ods", rows) == ["Name | Age", "Name: Ann; Age: 7"]


def test_sheets_before_a_damaged_one_are_read_first(tmp_path: Path) -> None:
    """Which shows that sheets are read one at a time."""
    filler = table_xml([[str(number)] for number in range(20_000)], "Filler")
    body = table_xml([["fine"]], "Good") + filler + "<wrong>"
    path = write_open_document(tmp_path / "a.ods", "spreadsheet", body)
    sections = OpenDocumentSpreadsheetReader().read(path)
    assert next(sections) == Section("fine", page=1, heading="Good")
    with pytest.raises(UnreadableDocument, match="XML is broken"):
        list(sections)
