from __future__ import annotations

from pathlib import Path

import pytest

from carrel.core.errors import UnreadableDocument
from carrel.ingest.data.table import TableReader, find_delimiter
from samples.documents import write_csv, write_text

ROWS: list[list[object]] = [
    ["Name", "Town", "Age"],
    ["Ann, Dr.", "Bern", 3],
    ["Bob\nthe second", "Basel; old", 4],
]
LINES = [
    "Name | Town | Age",
    "Name: Ann, Dr.; Town: Bern; Age: 3",
    "Name: Bob the second; Town: Basel; old; Age: 4",
]


def lines_of(path: Path) -> list[str]:
    return [line for section in TableReader().read(path) for line in section.text.split("\n")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_rows_carry_their_header_whatever_the_delimiter(tmp_path: Path, delimiter: str) -> None:
    assert lines_of(write_csv(tmp_path / "a.csv", ROWS, delimiter)) == LINES


def test_decimal_commas_do_not_pass_for_delimiters() -> None:
    assert find_delimiter("Jahr;Umsatz\n2020;1,5\n2021;2,5\n2022;3\n") == ";"


def test_text_without_columns_is_read_line_by_line(tmp_path: Path) -> None:
    assert lines_of(write_text(tmp_path / "a.csv", "one line\nanother\n")) == [
        "one line",
        "another",
    ]


def test_windows_files_are_read(tmp_path: Path) -> None:
    path = write_text(tmp_path / "a.csv", "Straße;Größe\r\nBärenweg;3\r\n", "cp1252")
    assert lines_of(path) == ["Straße | Größe", "Straße: Bärenweg; Größe: 3"]


def test_a_byte_order_mark_is_no_part_of_the_first_header(tmp_path: Path) -> None:
    path = write_text(tmp_path / "a.csv", "Name,Age\nAnn,3\n", "utf-8-sig")
    assert lines_of(path)[1] == "Name: Ann; Age: 3"


def test_a_quotation_mark_that_is_never_closed_is_named_after_the_rows_before_it(
    tmp_path: Path,
) -> None:
    """Which shows that rows are read one at a time."""
    good = "".join(f"{number},value\n" for number in range(1000))
    path = write_text(tmp_path / "a.csv", "Number,Text\n" + good + '7,"open\n' + good * 20)
    sections = TableReader().read(path)
    assert next(sections).text.startswith("Number | Text\nNumber: 0; Text: value\n")
    with pytest.raises(UnreadableDocument, match="quotation mark is never closed"):
        list(sections)


def test_a_cell_may_be_as_long_as_a_document(tmp_path: Path) -> None:
    for text in ("word " * 40_000, '"' + 'a ""quoted"" word\n' * 12_000 + '"'):
        path = write_text(tmp_path / "a.csv", f"id,text,sum\n1,{text},7\n2,short,8\n")
        found = "\n".join(lines_of(path))
        assert found.count("word") == text.count("word")
        assert "sum: 7" in found
        assert "id: 2; text: short; sum: 8" in found
