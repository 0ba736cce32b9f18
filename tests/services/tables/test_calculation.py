"""Extremes, sums, averages and differences over the rows of a table."""

import pytest

from carrel.services.tables.calculation import asks_for_calculation, calculated
from carrel.services.tables.row_text import rows_of

GAUGES = """Gauge | Region | May | June
Gauge: Alder; Region: North; May: 88; June: 38
Gauge: Birch; Region: North; May: 14; June: 71
Gauge: Oak; Region: South; May: 15; June: 91
Gauge: Pine; Region: South; May: (3); June: 1,090
Gauge: Total; May: 114; June: 1,290"""
PRICES = """Product | Price
Product: Heron; Price: 480 crowns
Product: Stork; Price: 520 crowns
Product: Crane; Price: 75 crowns"""


def answer(question: str, text: str = GAUGES) -> str | None:
    result = calculated(question, rows_of(text), "readings.csv")
    return result.text if result else None


@pytest.mark.parametrize(
    ("question", "text", "expected"),
    [
        ("Which gauge had the highest value in June?", GAUGES, "Pine: 1,090"),
        ("What was the lowest reading in May?", GAUGES, "Pine: (3)"),
        ("Which gauge of the North had the highest value in June?", GAUGES, "Birch: 71"),
        ("What is the total of June?", GAUGES, "1,290 (sum of June over 4 rows)"),
        ("What is the sum of May in the North?", GAUGES, "102 (sum of May over 2 rows)"),
        ("What is the average in May?", GAUGES, "28.5 (average of May over 4 rows)"),
        ("What is the difference between Alder and Oak in May?", GAUGES, "73 (88 less 15)"),
        ("What is the difference between May and June for Birch?", GAUGES, "57 (71 less 14)"),
        ("Which product is the cheapest?", PRICES, "Crane: 75 crowns"),
        ("What is the most expensive product?", PRICES, "Stork: 520 crowns"),
    ],
)
def test_the_plan_of_a_question_is_carried_out(question: str, text: str, expected: str) -> None:
    assert asks_for_calculation(question)
    assert answer(question, text) == expected


@pytest.mark.parametrize(
    "question",
    [
        "What was the value of Oak in June?",
        "Which gauge had the highest value?",
        "Which gauge had the highest value in August?",
        "Who was the most famous captain of the harbour?",
        "What is the difference between Alder and Elm in May?",
    ],
    ids=["no operation", "no column", "no such column", "about something else", "no such row"],
)
def test_no_answer_where_operation_column_or_rows_are_not_certain(question: str) -> None:
    assert answer(question) is None


def test_the_rows_of_an_extreme_are_those_that_have_it() -> None:
    result = calculated("What was the lowest value in May?", rows_of(GAUGES))
    assert result is not None
    assert [row.cells[0].text for row in result.rows] == ["Pine"]
