from __future__ import annotations

import pytest

from carrel.ingest.tables.grid import TableRow
from carrel.ingest.tables.heads import header_rows
from carrel.ingest.tables.rows import row_lines


def heads_of(*rows: str) -> int:
    return header_rows([TableRow(row.split("|")) for row in rows])


@pytest.mark.parametrize(
    "rows",
    [
        ("Year|Sum", "2020|3"),
        ("Region|2021|2022", "North|5|6"),
        ("Zeile|01.01.2024|01.02.2024", "Bus|5|6"),
        ("Linie|08:00|09:00", "1|5|6", "2|8|9"),
        ("Age|0-9|10-19|20-29", "Men|5|6|7", "Women|8|9|10"),
        ("المنطقة|٢٠٢١|٢٠٢٢", "الشمال|٤١|٥٠", "الجنوب|٧|٩"),
        ("Task|Done", "Roof|2024-05-01", "Wall|2024-06-01"),
        ("Artikel|Nr.", "Hose|A-17", "Hemd|B-4"),
        ("Name|Mail", "Ann|a@b.org", "Bob|b@c.org"),
        ("Key|Status", "a|open", "b|open", "c|open", "d|closed"),
        ("Name|Stadt|Beruf", "Ann|Bonn|Ärztin", "Bo|Ulm|Koch"),
        ("名前|都市", "佐藤|東京", "鈴木|大阪"),
        ("|Low|High", "Alder|yes|no", "Birch|no|yes"),
        ("Code|Meaning", "X|The sample was lost on the way to the laboratory", "Y|It was found"),
        ("Jahr|Umsatz[1]", "2020|1.250,00", "2021|1.310,50"),
        ("Boot|Schiffer|Liegeplatz", "Anna|Max Meier|Am Steg", "Berta|Ida Holm|Im Hafen"),
        ("BOAT|SKIPPER", "Anna|Max", "Berta|Ida"),
        ("first_boat|second_boat", "anna|max", "berta|ida"),
        ("Name|Total", "Chair|=B2*C2", "Desk|=B3*C3"),
    ],
)
def test_heads_differ_from_their_rows(rows: tuple[str, ...]) -> None:
    assert heads_of(*rows) == 1


@pytest.mark.parametrize(
    "rows",
    [
        ("Anna|Berlin|red", "Bert|Essen|blue"),
        ("田中|東京", "鈴木|大阪"),
        ("Project|Heron", "Budget|5000", "Start|2024-05-01", "Lead|Nora"),
        ("Name|Anna", "Age|41", "City|Bern"),
        ("Project|Heron", "Budget|5000", "Width|20", "Depth|7"),
        ("Projekt|Reiher", "Leitung|Nora Meyer", "Ort|Berlin Mitte"),
        ("Projekt:|Reiher", "Preis:|5000", "Menge:|12"),
        ("Open|08:00|09:00", "Lunch|12:00|13:00", "Close|18:00|19:00"),
        ("Region 1|5|6", "Region 2|7|8"),
        ("Ulm|1998|2005", "Bonn|1999|2007"),
        ("Ulm|1|2|3", "Bonn|2|3|4"),
        ("1|2", "Ann|Bob", "3|4"),
        ("x|x", "a|b"),
    ],
)
def test_rows_that_are_like_the_others_are_no_heads(rows: tuple[str, ...]) -> None:
    assert heads_of(*rows) == 0


@pytest.mark.parametrize("upper", ["Region|2022||2023|", "Region|2022|2022|2023|2023"])
def test_heads_of_two_rows_without_merged_cells_are_joined(upper: str) -> None:
    rows = [upper.split("|"), ["", "Q1", "Q2", "Q1", "Q2"], ["North", "1", "2", "3", "5"]]
    assert list(row_lines(map(TableRow, rows))) == [
        "Region | 2022 Q1 | 2022 Q2 | 2023 Q1 | 2023 Q2",
        "Region: North; 2022 Q1: 1; 2022 Q2: 2; 2023 Q1: 3; 2023 Q2: 5",
    ]


def test_rows_that_the_file_marks_are_heads() -> None:
    rows = [TableRow(["Anna", "Berlin"], header=True), TableRow(["Bert", "Essen"])]
    assert header_rows(rows) == 1


def test_notes_above_the_heads_are_lines_of_their_own() -> None:
    rows = [["Source:", "Town hall"], ["Town", "Cars", "Bikes"], ["Ulm", "5", "7"]]
    assert list(row_lines(map(TableRow, rows))) == [
        "Source: | Town hall",
        "Town | Cars | Bikes",
        "Town: Ulm; Cars: 5; Bikes: 7",
    ]


def test_another_table_with_more_columns_loses_the_heads_above_it() -> None:
    rows = [["Year", "Sum"], ["2020", "3"], [], ["Ann", "Bern", "red"], ["Bob", "Ulm", "blue"]]
    assert list(row_lines(map(TableRow, rows)))[2:] == ["Ann | Bern | red", "Bob | Ulm | blue"]


def test_filled_cells_of_a_nearly_blank_row_are_numbered() -> None:
    row = ["a", *[""] * 900, "b"]
    assert list(row_lines([TableRow(row)])) == ["column 1: a; column 902: b"]


def test_a_table_that_begins_right_of_the_edge_has_no_blanks_before_it() -> None:
    rows = [["", "", "Ann", "Bonn", "red"], ["", "", "Bob", "", "blue"]]
    assert list(row_lines(map(TableRow, rows))) == ["Ann | Bonn | red", "Bob | | blue"]
