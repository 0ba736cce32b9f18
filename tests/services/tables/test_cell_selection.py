"""The cell that a question asks for is found by the row's label and the column's head."""

import pytest

from carrel.services.tables.cell_selection import answering_cell
from carrel.services.tables.row_text import rows_of

PUMPS = """Product | Price | Warranty | From
Product: Heron pump; Price: 480 crowns; Warranty: 2 years; From: 9 March 2024
Product: Stork pump; Price: 520 crowns; Warranty: 3 years; From: 1 May 2024"""
STAFF = """Place; Person in charge; Telephone
Place: Cellar; Person in charge: Ada Lind; Telephone: 1180
Place: Archive; Person in charge: Ben Roe; Telephone: 1190"""
ACCOUNTS = """(Millions) | 2022 | 2021
Net sales | $ 34,229 | $ 35,355
Cost of sales | 19,232 | 18,795
Net income | (312) | 5,921"""
PARTS = """Article | Model | Price EUR | Weight kg | Year
Article: Pump; Model: Heron 60; Price EUR: 1250; Weight kg: 14.5; Year: 2021
Article: Valve; Model: Stork 40; Price EUR: 110; Weight kg: 1.6; Year: 2020"""
STOCK = """Article | Place | Last counted
Article: Bolts; Place: Cellar; Last counted: 2024-03-27
Article: Nails; Place: Attic; Last counted: 2024-04-02"""
ZAHLEN = """Ort | Mai | Juni
Ort: Erlbach; Mai: 14; Juni: 71
Ort: Lindenau; Mai: 88; Juni: 38"""


def answer(question: str, text: str, row: int, around: str = "") -> str | None:
    rows = rows_of(text)
    cell = answering_cell(question, rows[row], rows, around)
    return cell.text if cell else None


@pytest.mark.parametrize(
    ("question", "text", "row", "cell"),
    [
        ("What is the price of the Heron pump?", PUMPS, 0, "480 crowns"),
        ("How much does the Stork pump cost?", PUMPS, 1, "520 crowns"),
        ("How long is the warranty of the Stork pump?", PUMPS, 1, "3 years"),
        ("When will the Heron pump be sold?", PUMPS, 0, "9 March 2024"),
        ("Which product costs 520 crowns?", PUMPS, 1, "Stork pump"),
        ("How much does the Stork 40 weigh?", PARTS, 1, "1.6"),
        ("What does the Stork 40 cost?", PARTS, 1, "110"),
        ("When was the Heron 60 introduced?", PARTS, 0, "2021"),
        ("Who is in charge of the archive?", STAFF, 1, "Ben Roe"),
        ("What is the telephone number of the cellar?", STAFF, 0, "1180"),
        ("What were the net sales in 2022?", ACCOUNTS, 0, "$ 34,229"),
        ("What was the net income of 2022?", ACCOUNTS, 2, "(312)"),
        ("Wie hoch war der Wert von Lindenau im Juni?", ZAHLEN, 1, "38"),
    ],
)
def test_the_cell_of_the_row_and_column_that_are_named(
    question: str, text: str, row: int, cell: str
) -> None:
    assert answer(question, text, row) == cell


@pytest.mark.parametrize(
    ("question", "text", "row"),
    [
        ("What is the colour of the Heron pump?", PUMPS, 0),
        ("Who makes the Heron pump?", PUMPS, 0),
        ("What is the price of the pump?", PUMPS, 0),
        ("What is the price?", PUMPS, 0),
        ("How much does the Heron pump weigh?", PUMPS, 0),
        ("How many bolts were in the cellar?", STOCK, 0),
        ("What were the sales in 2019?", ACCOUNTS, 0),
        ("What was the net income in 2022?", ACCOUNTS, 0),
        ("Which ferry sank in the harbour in 2022?", ACCOUNTS, 0),
    ],
    ids=[
        "no such column",
        "a name, and no column of names",
        "two rows fit",
        "no row is named",
        "a weight is asked, and there is a price",
        "a number is asked, and there is a date",
        "no such year",
        "another row fits better",
        "about something else",
    ],
)
def test_no_cell_where_row_or_column_is_not_certain(question: str, text: str, row: int) -> None:
    assert answer(question, text, row) is None


def test_what_the_table_is_about_may_be_in_its_file_name() -> None:
    question = "What were the net sales of Alder Bridge Works in 2022?"
    assert answer(question, ACCOUNTS, 0) is None
    assert answer(question, ACCOUNTS, 0, "alder_bridge_works_2022.pdf") == "$ 34,229"
