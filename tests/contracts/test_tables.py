"""The same tables come out as the same rows, whatever format they are written in."""

from __future__ import annotations

from pathlib import Path

import pytest

from carrel.ingest.registry import default_registry
from samples.tables import WRITERS, Merged, Table

# Nothing but the alignment of numbers tells an unruled table from columns of text.
WORDS = frozenset(("aligned pdf",))

TABLES = {
    "words above numbers": Table(
        [["Gauge", "Boats", "Crew"], ["Alder", 4, 11], ["Birch", 7, 20], ["Cedar", 9, 31]],
        [
            "Gauge | Boats | Crew",
            "Gauge: Alder; Boats: 4; Crew: 11",
            "Gauge: Birch; Boats: 7; Crew: 20",
            "Gauge: Cedar; Boats: 9; Crew: 31",
        ],
    ),
    "empty cells": Table(
        [
            ["Gauge", "Spring", "Summer", "Autumn"],
            ["Alder", None, 41, None],
            ["Birch", 17, None, 22],
            ["Cedar", None, None, 9],
            ["Dogwood", 5, 6, 7],
        ],
        [
            "Gauge | Spring | Summer | Autumn",
            "Gauge: Alder; Summer: 41",
            "Gauge: Birch; Spring: 17; Autumn: 22",
            "Gauge: Cedar; Autumn: 9",
            "Gauge: Dogwood; Spring: 5; Summer: 6; Autumn: 7",
        ],
    ),
    "marks in a shift table": Table(
        [["Name", "Early", "Late", "Night"], ["Rosa", None, "x", None], ["Timo", "x", None, "x"]],
        [
            "Name | Early | Late | Night",
            "Name: Rosa; Late: x",
            "Name: Timo; Early: x; Night: x",
        ],
        without=WORDS,
    ),
    "years": Table(
        [
            ["Region", 2021, 2022, 2023],
            ["North", 151, 252, 353],
            ["South", 7, 8, 10],
            ["West", 1, 5, 6],
        ],
        [
            "Region | 2021 | 2022 | 2023",
            "Region: North; 2021: 151; 2022: 252; 2023: 353",
            "Region: South; 2021: 7; 2022: 8; 2023: 10",
            "Region: West; 2021: 1; 2022: 5; 2023: 6",
        ],
    ),
    "years that fall, in German": Table(
        [
            ["Bundesland", 2023, 2022],
            ["Bayern", "1.204", "1.198"],
            ["Hessen", "610", "602,5"],
            ["Saarland", "98", "97"],
        ],
        [
            "Bundesland | 2023 | 2022",
            "Bundesland: Bayern; 2023: 1.204; 2022: 1.198",
            "Bundesland: Hessen; 2023: 610; 2022: 602,5",
            "Bundesland: Saarland; 2023: 98; 2022: 97",
        ],
    ),
    "years among the values": Table(
        [
            ["Town", "Founded", "Inhabitants"],
            ["Ulm", 1027, 126],
            ["Bonn", 1989, 330],
            ["Jena", 2001, 111],
        ],
        [
            "Town | Founded | Inhabitants",
            "Town: Ulm; Founded: 1027; Inhabitants: 126",
            "Town: Bonn; Founded: 1989; Inhabitants: 330",
            "Town: Jena; Founded: 2001; Inhabitants: 111",
        ],
    ),
    "dates": Table(
        [["Line", "2024-01-01", "2024-02-01"], ["Tram", 5, 6], ["Bus", 12, 14], ["Ferry", 2, 3]],
        [
            "Line | 2024-01-01 | 2024-02-01",
            "Line: Tram; 2024-01-01: 5; 2024-02-01: 6",
            "Line: Bus; 2024-01-01: 12; 2024-02-01: 14",
            "Line: Ferry; 2024-01-01: 2; 2024-02-01: 3",
        ],
    ),
    "numbers": Table(
        [["Shoe", 36, 38, 40], ["Clog", 3, 0, 7], ["Boot", 12, 9, 1], ["Sandal", 5, 5, 6]],
        [
            "Shoe | 36 | 38 | 40",
            "Shoe: Clog; 36: 3; 38: 0; 40: 7",
            "Shoe: Boot; 36: 12; 38: 9; 40: 1",
            "Shoe: Sandal; 36: 5; 38: 5; 40: 6",
        ],
    ),
    "an empty corner": Table(
        [[None, "Litres"], ["Tank 0", 0], ["Tank 1", 10], ["Tank 2", 25]],
        ["| Litres", "Tank 0; Litres: 0", "Tank 1; Litres: 10", "Tank 2; Litres: 25"],
        # One word above a table without rules may be anything.
        without=WORDS,
    ),
    "an empty corner above years": Table(
        [[None, 2020, 2021], ["Wheat", 11, 5], ["Oats", 13, 6], ["Rye", 2, 8]],
        [
            "| 2020 | 2021",
            "Wheat; 2020: 11; 2021: 5",
            "Oats; 2020: 13; 2021: 6",
            "Rye; 2020: 2; 2021: 8",
        ],
    ),
    "one column of values": Table(
        [["Month", "Rain"], ["May", "41 mm"], ["June", "9 mm"], ["July", "12 mm"]],
        [
            "Month | Rain",
            "Month: May; Rain: 41 mm",
            "Month: June; Rain: 9 mm",
            "Month: July; Rain: 12 mm",
        ],
        without=WORDS,
    ),
    "equal heads": Table(
        [["Account", "Amount", "Amount"], ["Rent", 900, 910], ["Power", 80, 85], ["Water", 30, 31]],
        [
            "Account | Amount | Amount",
            "Account: Rent; Amount: 900; Amount: 910",
            "Account: Power; Amount: 80; Amount: 85",
            "Account: Water; Amount: 30; Amount: 31",
        ],
    ),
    "heads in two rows": Table(
        [
            [Merged("Region", rows=2), Merged(2022, 2), Merged(2023, 2)],
            ["Q1", "Q2", "Q1", "Q2"],
            ["North", 11, 12, 13, 14],
            ["South", 21, 22, 23, 24],
        ],
        [
            "Region | 2022 Q1 | 2022 Q2 | 2023 Q1 | 2023 Q2",
            "Region: North; 2022 Q1: 11; 2022 Q2: 12; 2023 Q1: 13; 2023 Q2: 14",
            "Region: South; 2022 Q1: 21; 2022 Q2: 22; 2023 Q1: 23; 2023 Q2: 24",
        ],
        heads=2,
        without=WORDS,
    ),
    "heads in three rows": Table(
        [
            [Merged("City", rows=3), Merged("Sales", 4)],
            [Merged("Shop", 2), Merged("Web", 2)],
            ["Old", "New", "Old", "New"],
            ["Lyon", 1, 2, 3, 4],
            ["Nice", 5, 6, 7, 9],
        ],
        [
            "City | Sales Shop Old | Sales Shop New | Sales Web Old | Sales Web New",
            "City: Lyon; Sales Shop Old: 1; Sales Shop New: 2; Sales Web Old: 3; Sales Web New: 4",
            "City: Nice; Sales Shop Old: 5; Sales Shop New: 6; Sales Web Old: 7; Sales Web New: 9",
        ],
        heads=3,
        without=WORDS,
    ),
    "a group over several rows": Table(
        [
            ["Group", "Fruit", "Crates"],
            [Merged("Stone fruit", rows=3), "Plum", 5],
            ["Peach", 7],
            ["Cherry", 9],
            [Merged("Pome", rows=2), "Apple", 4],
            ["Pear", 6],
        ],
        [
            "Group | Fruit | Crates",
            "Group: Stone fruit; Fruit: Plum; Crates: 5",
            "Group: Stone fruit; Fruit: Peach; Crates: 7",
            "Group: Stone fruit; Fruit: Cherry; Crates: 9",
            "Group: Pome; Fruit: Apple; Crates: 4",
            "Group: Pome; Fruit: Pear; Crates: 6",
        ],
    ),
    "groups and heads in two rows": Table(
        [
            [Merged("Town", rows=2), Merged("Rainfall", 3)],
            ["May", "June", "July"],
            [Merged("Oakley", rows=2), 12, 30, 7],
            [15, 28, 3],
        ],
        [
            "Town | Rainfall May | Rainfall June | Rainfall July",
            "Town: Oakley; Rainfall May: 12; Rainfall June: 30; Rainfall July: 7",
            "Town: Oakley; Rainfall May: 15; Rainfall June: 28; Rainfall July: 3",
        ],
        heads=2,
        without=WORDS,
    ),
    "a value over two columns": Table(
        [
            ["Hall", "Mon", "Tue", "Wed"],
            ["A1", 4, 6, 8],
            ["B2", Merged("closed", 2), 3],
            ["C3", 1, 2, 5],
        ],
        [
            "Hall | Mon | Tue | Wed",
            "Hall: A1; Mon: 4; Tue: 6; Wed: 8",
            "Hall: B2; Mon: closed; Tue: closed; Wed: 3",
            "Hall: C3; Mon: 1; Tue: 2; Wed: 5",
        ],
    ),
    "a title across the table": Table(
        [
            [Merged("Harvest of the north", 3)],
            ["Field", "Wheat", "Oats"],
            ["Long", 4, 5],
            ["Mill", 6, 8],
        ],
        [
            "Harvest of the north",
            "Field | Wheat | Oats",
            "Field: Long; Wheat: 4; Oats: 5",
            "Field: Mill; Wheat: 6; Oats: 8",
        ],
        heads=0,
        without=frozenset(("aligned pdf", "csv")),
    ),
    "a label among the rows": Table(
        [
            ["Item", "Sum", "Share"],
            ["Cash", 31, "4 %"],
            [Merged("Liabilities", 3)],
            ["Loans", 52, "6 %"],
            ["Taxes", 7, "1 %"],
        ],
        [
            "Item | Sum | Share",
            "Item: Cash; Sum: 31; Share: 4 %",
            "Liabilities",
            "Item: Loans; Sum: 52; Share: 6 %",
            "Item: Taxes; Sum: 7; Share: 1 %",
        ],
        without=frozenset(("aligned pdf", "csv", "markdown")),
    ),
    "names and values": Table(
        [["Project", "Heron"], ["Budget", 5000], ["Start", "2024-05-01"], ["Lead", "Nora"]],
        ["Project | Heron", "Budget | 5000", "Start | 2024-05-01", "Lead | Nora"],
        heads=0,
        without=WORDS,
    ),
    "no heads": Table(
        [["Anna", "Berlin", "red"], ["Bert", "Essen", "blue"], ["Cleo", "Bonn", "green"]],
        ["Anna | Berlin | red", "Bert | Essen | blue", "Cleo | Bonn | green"],
        heads=0,
        without=WORDS,
    ),
    "no heads above numbers": Table(
        [["Tank 1", 40, None, 7], ["Tank 2", None, 11, 8], ["Tank 3", 20, 12, 12]],
        ["Tank 1 | 40 | | 7", "Tank 2 | | 11 | 8", "Tank 3 | 20 | 12 | 12"],
        heads=0,
        without=WORDS,
    ),
    "words alone, in French": Table(
        [["Nom", "Ville", "Métier"], ["Anne", "Lyon", "Boulangère"], ["Luc", "Brest", "Pilote"]],
        [
            "Nom | Ville | Métier",
            "Nom: Anne; Ville: Lyon; Métier: Boulangère",
            "Nom: Luc; Ville: Brest; Métier: Pilote",
        ],
        without=WORDS,
    ),
    "single characters": Table(
        [["Key", "A", "B", "C"], ["a", 1, 2, 3], ["b", 4, 5, 6], ["c", 7, 8, 0]],
        [
            "Key | A | B | C",
            "Key: a; A: 1; B: 2; C: 3",
            "Key: b; A: 4; B: 5; C: 6",
            "Key: c; A: 7; B: 8; C: 0",
        ],
    ),
    "signs, percentages and notes": Table(
        [
            ["Fund", "Return", "Fee"],
            ["Blue", "-3.5 %", "$ 12"],
            ["Green", "(1.2)", "$ 9.50"],
            ["Red", "4 %", "n/a"],
        ],
        [
            "Fund | Return | Fee",
            "Fund: Blue; Return: -3.5 %; Fee: $ 12",
            "Fund: Green; Return: (1.2); Fee: $ 9.50",
            "Fund: Red; Return: 4 %; Fee: n/a",
        ],
    ),
}

CASES = [
    (form, name)
    for form in WRITERS
    for name, table in TABLES.items()
    # A table of Markdown has one row of heads, neither more nor none.
    if form not in table.without and (form != "markdown" or table.heads == 1)
]


@pytest.mark.parametrize(("form", "name"), CASES, ids=[f"{form}, {name}" for form, name in CASES])
def test_a_table_comes_out_as_its_rows(form: str, name: str, tmp_path: Path) -> None:
    suffix, write = WRITERS[form]
    path = write(tmp_path / f"table{suffix}", TABLES[name])
    sections = list(default_registry().reader_for(path, path.name).read(path))
    lines = [line for each in sections for line in each.text.removesuffix("\n").split("\n")]
    assert lines == TABLES[name].lines
