from __future__ import annotations

import datetime
import re
import zipfile
from itertools import pairwise
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from openpyxl.chart import BarChart
from openpyxl.worksheet.formula import ArrayFormula

from carrel.core.documents import Section
from carrel.core.errors import UnreadableDocument
from carrel.ingest.office.spreadsheet import SpreadsheetReader
from samples.damaged_files import zip_of
from samples.documents import write_xlsx

ACCOUNTING = '_("$"* #,##0.00_);_("$"* (#,##0.00);_("$"* "-"??_);_(@_)'


def read(path: Path) -> list[Section]:
    return list(SpreadsheetReader().read(path))


def with_part(path: Path, name: str, old: bytes, new: bytes) -> None:
    """Replace bytes inside one part of a package."""
    with zipfile.ZipFile(path) as archive:
        parts = {each: archive.read(each) for each in archive.namelist()}
    assert old in parts[name]
    parts[name] = parts[name].replace(old, new)
    path.write_bytes(zip_of(parts))


def test_sheets_are_pages_and_rows_carry_their_header(tmp_path: Path) -> None:
    path = write_xlsx(
        tmp_path / "a.xlsx",
        {
            "Sales": [["Year", "Sum"], [2020, 1.5], [2021, 2]],
            "Blank": [],
            "Names": [["Ann", "Bob"]],
        },
    )
    assert read(path) == [
        Section("Year | Sum\nYear: 2020; Sum: 1.5\nYear: 2021; Sum: 2", page=1, heading="Sales"),
        Section("Ann | Bob", page=3, heading="Names"),
    ]


def test_cells_read_as_the_sheet_shows_them(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.append([0.1 + 0.2, True, datetime.datetime(2024, 2, 29), datetime.date(2024, 3, 1)])
    sheet.append([datetime.datetime(2024, 2, 29, 13, 5), "two\nlines", 0.125, 12345678901])
    sheet["C2"].number_format = "0.0%"
    sheet.append([1234.5, -1234.5, 0, 45351])
    sheet["A3"].number_format = sheet["B3"].number_format = sheet["C3"].number_format = ACCOUNTING
    sheet["D3"].number_format = "#,##0"
    workbook.save(tmp_path / "a.xlsx")
    (section,) = read(tmp_path / "a.xlsx")
    assert section.text.split("\n") == [
        "0.3 | TRUE | 2024-02-29 | 2024-03-01",
        "2024-02-29 13:05 | two lines | 12.5% | 12345678901",
        "$ 1,234.50 | $ (1,234.50) | $ - | 45,351",
    ]


def test_formulas_read_as_their_stored_result_and_unknown_features_do_no_harm(
    tmp_path: Path,
) -> None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as workbook:
        sheet = workbook.add_worksheet("Sums")
        sheet.write_row("A1", [1, 2])
        sheet.write_formula("C1", "=A1+B1", value=3)
        # An extension that openpyxl does not know and warns of.
        sheet.add_sparkline("D1", {"range": "Sums!A1:C1"})
    assert read(tmp_path / "a.xlsx") == [Section("1 | 2 | 3", page=1, heading="Sums")]


def test_formulas_whose_result_was_never_stored_read_as_themselves(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.append(["Ware", "Menge", "Preis", "Summe"])
    sheet.append(["Stuhl", 2, 30, "=B2*C2"])
    sheet.append(["Tisch", 1, 120, ArrayFormula("D3", "=SUM(B3*C3)")])
    sheet.append(["Zusammen", None, None, "=SUM(D2:D3)"])
    workbook.save(tmp_path / "a.xlsx")
    assert [section.text for section in read(tmp_path / "a.xlsx")] == [
        "Ware | Menge | Preis | Summe\n"
        "Ware: Stuhl; Menge: 2; Preis: 30; Summe: =B2*C2\n"
        "Ware: Tisch; Menge: 1; Preis: 120; Summe: =SUM(B3*C3)\n"
        "Ware: Zusammen; Summe: =SUM(D2:D3)"
    ]


def test_a_formula_that_several_cells_share_is_that_of_each_cell(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", {"S": [["A", "B"], [1, "x"], [2, "y"]]})
    formulas = {
        b"B2": b'<f t="shared" si="0" ref="B2:B3">A2*2</f>',
        b"B3": b'<f t="shared" si="0"/>',
    }
    for place, formula in formulas.items():
        content = zipfile.ZipFile(path).read("xl/worksheets/sheet1.xml")
        cell = re.search(rb'<c r="%s".*?</c>' % place, content)
        assert cell
        changed = b'<c r="%s">%s</c>' % (place, formula)
        with_part(path, "xl/worksheets/sheet1.xml", cell[0], changed)
    assert [section.text for section in read(path)] == ["A | B\nA: 1; B: =A2*2\nA: 2; B: =A3*2"]


def test_heads_in_bold_are_heads_of_words(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as workbook:
        sheet, bold = workbook.add_worksheet(), workbook.add_format({"bold": True})
        sheet.write_row("A1", ["Kapitel", "Inhalt"], bold)
        sheet.write_row("A2", ["Anfang", "Boote"])
        sheet.write_row("A3", ["Ende", "Heimkehr"])
    assert [section.text for section in read(tmp_path / "a.xlsx")] == [
        "Kapitel | Inhalt\nKapitel: Anfang; Inhalt: Boote\nKapitel: Ende; Inhalt: Heimkehr"
    ]


def test_a_sheet_that_is_a_chart_counts_as_a_page(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    workbook.create_chartsheet("Chart", 0).add_chart(BarChart())
    workbook["Sheet"].append(["text"])
    workbook.save(tmp_path / "a.xlsx")
    assert [(each.page, each.text) for each in read(tmp_path / "a.xlsx")] == [(2, "text")]


def test_wrong_dimensions_neither_hide_nor_invent_cells(tmp_path: Path) -> None:
    for number, dimension in enumerate((b"A1:A1", b"A1:XFD1048576")):
        path = write_xlsx(tmp_path / f"{number}.xlsx", {"S": [["a", "b"], [1, 2]]})
        with_part(path, "xl/worksheets/sheet1.xml", b'ref="A1:B2"', b'ref="%s"' % dimension)
        assert [section.text for section in read(path)] == ["a | b\na: 1; b: 2"]


def test_a_row_number_beyond_the_format_ends_the_sheet(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", {"S": [["a", "b"], [1, 2]]})
    with_part(path, "xl/worksheets/sheet1.xml", b'<row r="2"', b'<row r="999999999999"')
    assert [section.text for section in read(path)] == ["a | b"]


def test_many_rows_become_sections_of_several_rows(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["Number", "Square"],
        *([number, number * number] for number in range(500)),
    ]
    sections = read(write_xlsx(tmp_path / "a.xlsx", {"S": rows}))
    assert 5 < len(sections) < 20
    assert all("\n" in section.text for section in sections)
    lines = [line for section in sections for line in section.text.split("\n")]
    assert lines[1:] == [f"Number: {number}; Square: {number * number}" for number in range(500)]
    assert all(earlier.page == later.page == 1 for earlier, later in pairwise(sections))


def test_sheets_before_a_damaged_one_are_read_first(tmp_path: Path) -> None:
    """Which shows that sheets are read one at a time."""
    path = write_xlsx(tmp_path / "a.xlsx", {"Good": [["fine"]], "Bad": [["a"], ["b"]]})
    with_part(path, "xl/worksheets/sheet2.xml", b"</sheetData>", b"</wrong>")
    sections = SpreadsheetReader().read(path)
    assert next(sections).text == "fine"
    with pytest.raises(UnreadableDocument, match="XML is broken"):
        next(sections)


def test_headers_and_footers_follow_the_rows_once(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(path)) as workbook:
        first = workbook.add_worksheet("Budget")
        first.write(0, 0, "Rye")
        first.set_header('&L&"Arial,Bold"&14Müller && Söhne&C&A&RConfidential & secret')
        first.set_footer("&LPage &P of &N&R&D")
        second = workbook.add_worksheet("Rest")
        second.write(0, 0, "Oats")
        second.set_footer("&CPage &P")
    texts = [section.text for section in SpreadsheetReader().read(path)]
    assert texts == ["Rye\nHeader: Müller & Söhne Confidential & secret", "Oats"]


@pytest.mark.parametrize(
    ("rows", "merged", "expected"),
    [
        (
            [
                ["", "", 2022, "", 2023, ""],
                ["", "", "Q1", "Q2", "Q1", "Q2"],
                ["Region", "Town"],
                ["North", "Elm", 4, 5, 6, 7],
                ["", "Oak", 8, 9, 1, 2],
            ],
            ["C1:D1", "E1:F1", "A4:A5"],
            "Region: North; Town: Oak; 2022 Q1: 8; 2022 Q2: 9; 2023 Q1: 1; 2023 Q2: 2",
        ),
        (
            [["", "", "Élevage", "Pêche"], ["Région", "Ville"], ["Nord", "Lille", 4, 5]],
            [],
            "Région: Nord; Ville: Lille; Élevage: 4; Pêche: 5",
        ),
        (
            [["", "売上", "利益"], ["地域"], ["北", 4, 5], ["南", 7, 8]],
            [],
            "地域: 南; 売上: 7; 利益: 8",
        ),
        # A label of the rows below it is no head.
        ([["", 2022, 2023], ["Assets"], ["Cash", 4, 5]], [], "Assets\nCash; 2022: 4; 2023: 5"),
    ],
)
def test_a_row_that_names_the_index_is_a_part_of_the_heads(
    tmp_path: Path, rows: list[list[object]], merged: list[str], expected: str
) -> None:
    workbook = openpyxl.Workbook()
    for row in rows:
        workbook.active.append([value or None for value in row])
    for each in merged:
        workbook.active.merge_cells(each)
    workbook.save(tmp_path / "a.xlsx")
    [section] = SpreadsheetReader().read(tmp_path / "a.xlsx")
    assert section.text.endswith(expected)
