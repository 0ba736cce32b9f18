from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from carrel.core.documents import Section
from carrel.ingest.data.line_sections import GROUP_CHARACTERS, sections_of_lines
from carrel.ingest.tables import rows as rows_of_tables
from carrel.ingest.tables.grid import TableRow


def row_lines(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    return rows_of_tables.row_lines(TableRow(list(row)) for row in rows)


def test_cells_are_labelled_with_the_header() -> None:
    rows = [["Year", "Revenue", "Note"], ["2020", "1.5", ""], ["2021", "", "restated"]]
    assert list(row_lines(rows)) == [
        "Year | Revenue | Note",
        "Year: 2020; Revenue: 1.5",
        "Year: 2021; Note: restated",
    ]


def test_titles_above_the_header_are_separate() -> None:
    rows = [["Sales of boats"], ["", ""], ["in millions", ""], ["Year", "Sum"], ["2020", "3"]]
    assert list(row_lines(rows)) == [
        "Sales of boats",
        "in millions",
        "Year | Sum",
        "Year: 2020; Sum: 3",
    ]


def test_a_table_that_begins_with_numbers_has_no_header() -> None:
    assert list(row_lines([["1", "2"], ["Ann", "Bob"], ["3", "4"]])) == [
        "1 | 2",
        "Ann | Bob",
        "3 | 4",
    ]


def test_a_row_that_repeats_a_cell_is_no_header() -> None:
    assert list(row_lines([["x", "x"], ["a", "b"]])) == ["x | x", "a | b"]


def test_another_table_below_a_blank_row_has_its_own_header() -> None:
    rows = [["Year", "Sum"], ["2020", "3"], [], ["City", "People"], ["Bern", "134,591"]]
    assert list(row_lines(rows))[-2:] == ["City | People", "City: Bern; People: 134,591"]


def test_text_rows_below_a_blank_row_stay_in_their_table() -> None:
    rows = [["Name", "Town"], ["Ann", "Bern"], ["", ""], ["Bob", "Basel"], ["Eve", "Genf"]]
    assert list(row_lines(rows))[-2:] == ["Name: Bob; Town: Basel", "Name: Eve; Town: Genf"]


def test_a_cell_beyond_the_header_has_no_label() -> None:
    assert list(row_lines([["A", "B"], ["1", "2", "3"]]))[-1] == "A: 1; B: 2; 3"


def test_a_group_label_inside_a_table_has_no_column() -> None:
    assert list(row_lines([["Item", "Sum"], ["Assets", ""], ["Cash", "3"]]))[1] == "Assets"


def test_lines_are_gathered_into_sections_and_never_cut() -> None:
    lines = [f"line {number} " + "x" * 90 for number in range(100)]
    sections = list(sections_of_lines(lines, page=2, heading="Sheet"))
    assert [line for section in sections for line in section.text.split("\n")] == lines
    for section in sections[:-1]:
        assert GROUP_CHARACTERS * 0.9 <= len(section.text) <= GROUP_CHARACTERS
    assert {(section.page, section.heading) for section in sections} == {(2, "Sheet")}


def test_a_line_longer_than_a_group_is_a_section() -> None:
    long = "x" * (GROUP_CHARACTERS * 2)
    assert list(sections_of_lines(["a", long, "b"])) == [Section("a"), Section(long), Section("b")]


def test_rows_are_taken_as_they_are_needed() -> None:
    taken = 0

    def rows() -> Iterator[list[str]]:
        nonlocal taken
        for number in range(10_000):
            taken += 1
            yield [str(number), "value"]

    next(sections_of_lines(row_lines(rows())))
    assert taken < 500


def test_a_header_of_absurd_length_is_shortened_in_every_row() -> None:
    lines = list(row_lines([["x" * 5000, "b"], *[["1", "2"]] * 3]))
    assert [len(line) for line in lines[1:]] == [len(": 1; b: 2") + 100] * 3
