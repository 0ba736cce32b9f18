"""Rows are found in the text that readers make of tables, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrel.ingest.tables.grid import TableRow
from carrel.ingest.tables.rows import row_lines
from carrel.services.tables.row_text import rows_of

CELL = st.text("abcdeXYZ0123456789 .,%-", max_size=12).map(str.strip)


def cells(text: str) -> list[list[tuple[str, str]]]:
    return [[(cell.head, cell.text) for cell in row.cells] for row in rows_of(text)]


def written(*rows: list[str]) -> str:
    return "\n".join(row_lines(TableRow(row) for row in rows))


def test_the_rows_of_a_reader_have_their_heads_again() -> None:
    text = written(["Gauge", "May", "June"], ["Alder", "88", "38"], ["Oak", "", "91"])
    assert cells(text) == [
        [("Gauge", "Alder"), ("May", "88"), ("June", "38")],
        [("Gauge", "Oak"), ("June", "91")],
    ]


def test_an_empty_corner_leaves_the_first_cell_without_a_head() -> None:
    text = written(["", "2021", "2022"], ["Revenue", "512", "547"], ["Staff", "44", "41"])
    assert cells(text)[0] == [("", "Revenue"), ("2021", "512"), ("2022", "547")]


def test_bare_rows_get_heads_that_are_above_numbers() -> None:
    text = "(Millions) | 2022 | 2021\nNet sales | $ 34,229 | $ 35,355\nCosts | 19,232 | 18,795"
    assert cells(text)[0] == [
        ("(Millions)", "Net sales"),
        ("2022", "$ 34,229"),
        ("2021", "$ 35,355"),
    ]


def test_bare_rows_of_words_have_no_heads() -> None:
    assert cells("Ada | Captain\nBen | Cook") == [
        [("", "Ada"), ("", "Captain")],
        [("", "Ben"), ("", "Cook")],
    ]


def test_a_form_is_rows_of_one_cell() -> None:
    text = "Invoice\nInvoice number: 2024-117\nTotal: 480 EUR"
    assert cells(text) == [[("Invoice number", "2024-117")], [("Total", "480 EUR")]]


@pytest.mark.parametrize(
    "prose",
    [
        "The forest (Portuguese: Floresta; Spanish: Selva; French: Forêt), also known as Amazonia.",
        "The rule: all must go; the exception: none. Then he left.",
        "Note: the gate is open.",
        "He opened the gate. She said: wait; then: run.",
    ],
)
def test_sentences_with_colons_and_semicolons_are_no_rows(prose: str) -> None:
    assert rows_of(prose) == []


@given(st.lists(st.lists(CELL, min_size=2, max_size=4), min_size=1, max_size=5))
def test_every_cell_is_where_it_says(table: list[list[str]]) -> None:
    text = written(*table)
    for row in rows_of(text):
        assert text[row.start : row.end] == row.text
        assert all(row.text[cell.start : cell.end] == cell.text for cell in row.cells)


@given(st.text())
def test_any_text_has_rows_or_none(text: str) -> None:
    for row in rows_of(text):
        assert text[row.start : row.end] == row.text
        assert row.cells
