"""What is on a sheet besides its cells."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import xlsxwriter
from openpyxl.comments import Comment

from carrel.core.documents import Section
from carrel.ingest.office.spreadsheet import SpreadsheetReader
from samples.damaged_files import zip_of
from samples.documents import write_xlsx
from samples.open_xml import parts_of, strict_form

RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def read(path: Path) -> list[Section]:
    return list(SpreadsheetReader().read(path))


def test_comments_follow_the_rows_of_their_sheet(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.append(["Pump", "Hours"])
    sheet.append(["P-7", 812])
    sheet["B2"].comment = Comment("Counter reset\nin March", "Zoë")
    other = workbook.create_sheet("二")
    other["A1"].comment = Comment("no cell", "")
    workbook.save(tmp_path / "a.xlsx")
    assert read(tmp_path / "a.xlsx") == [
        Section("Pump | Hours\nPump: P-7; Hours: 812", 1, "Sheet"),
        Section("Comment on B2 (Zoë): Counter reset in March", 1, "Sheet"),
        Section("Comment on A1: no cell", 2, "二"),
    ]


def test_threads_replace_the_comment_for_older_programs(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    workbook = openpyxl.Workbook()
    workbook.active["A1"] = "Sum"
    workbook.active["A1"].comment = Comment("[Threaded comment] Your version of Excel ...", "tc")
    workbook.save(path)
    parts = parts_of(path)
    namespace = "http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments"
    threads = "".join(
        f'<threadedComment ref="A1" personId="{person}"><text>{text}</text></threadedComment>'
        for person, text in (("1", "Stimmt das?"), ("2", "Ja, geprüft"))
    )
    parts["xl/threadedComments/threadedComment1.xml"] = (
        f'<ThreadedComments xmlns="{namespace}">{threads}</ThreadedComments>'.encode()
    )
    parts["xl/persons/person.xml"] = (
        f'<personList xmlns="{namespace}"><person displayName="Ann" id="1"/></personList>'.encode()
    )
    kind = "http://schemas.microsoft.com/office/2017/10/relationships"
    threads_place = "../threadedComments/threadedComment1.xml"
    for name, relation, target in (
        ("xl/worksheets/_rels/sheet1.xml.rels", "threadedComment", threads_place),
        ("xl/_rels/workbook.xml.rels", "person", "persons/person.xml"),
    ):
        entry = f'<Relationship Id="rx" Type="{kind}/{relation}" Target="{target}"/>'
        end = b"</Relationships>"
        parts[name] = parts[name].replace(end, entry.encode() + end)
    path.write_bytes(zip_of(parts))
    assert [section.text for section in read(path)] == [
        "Sum",
        "Comment on A1 (Ann): Stimmt das?\nComment on A1: Ja, geprüft",
    ]


def test_charts_text_boxes_and_pictures_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    workbook = xlsxwriter.Workbook(str(path))
    sheet = workbook.add_worksheet("Sales")
    for row, values in enumerate((("Month", "Sum"), ("Jan", 3), ("Feb", 9))):
        sheet.write_row(row, 0, values)
    chart = workbook.add_chart({"type": "column"})
    chart.add_series(
        {"name": "Schirme", "categories": "=Sales!$A$2:$A$3", "values": "=Sales!$B$2:$B$3"}
    )
    chart.set_title({"name": "Umbrellas by month"})
    chart.set_x_axis({"name": "Month of 2024"})
    sheet.insert_chart("D2", chart)
    sheet.insert_textbox("D20", "Without the\nnorth store")
    alone = workbook.add_chart({"type": "pie"})
    alone.add_series({"name": "Whole", "values": "=Sales!$B$2:$B$3"})
    workbook.add_chartsheet("Chart").set_chart(alone)
    workbook.close()
    sections = read(path)
    assert sections[0].text == "Month | Sum\nMonth: Jan; Sum: 3\nMonth: Feb; Sum: 9"
    assert sections[1] == Section(
        "Umbrellas by month\nMonth of 2024\nSchirme: Jan 3; Feb 9\nWithout the north store",
        1,
        "Sales",
    )
    assert sections[2] == Section("Whole: 3; 9", 2, "Chart")


def test_hidden_sheets_are_marked(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    workbook.active["A1"] = "shown"
    for name, state in (("Lists", "hidden"), ("Secret", "veryHidden")):
        sheet = workbook.create_sheet(name)
        sheet["A1"], sheet.sheet_state = "not shown", state
    workbook.save(tmp_path / "a.xlsx")
    headings = [section.heading for section in read(tmp_path / "a.xlsx")]
    assert headings == ["Sheet", "Lists (hidden)", "Secret (hidden)"]


def test_a_damaged_attachment_is_named_and_the_rows_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    workbook = openpyxl.Workbook()
    workbook.active["A1"] = "kept"
    workbook.active["A1"].comment = Comment("lost", "x")
    workbook.save(path)
    parts = parts_of(path)
    parts["xl/comments/comment1.xml"] = b"<comments><broken"
    path.write_bytes(zip_of(parts))
    (section,) = read(path)
    assert section.text == "kept"
    assert section.remarks == ("comment1.xml: it is damaged: its XML is broken",)


def test_the_strict_form_is_read_like_the_ordinary_one(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", {"One": [["Year", "Sum"], [2020, 1.5], ["ö", True]]})
    ordinary = read(path)
    path.write_bytes(zip_of(strict_form(parts_of(path))))
    assert read(path) == ordinary
