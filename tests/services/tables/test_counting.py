"""Counts of rows, and shares of a total."""

import pytest

from carrel.services.tables.calculation import asks_for_calculation, calculated
from carrel.services.tables.row_text import rows_of
from carrel.services.text.computed_line import is_computed_line

PARTS = """Article | Model | Price EUR | Weight kg | Year
Article: Pump; Model: Heron 60; Price EUR: 1250; Weight kg: 14.5; Year: 2021
Article: Pump; Model: Heron 80; Price EUR: 1980; Weight kg: 19.0; Year: 2022
Article: Valve; Model: Stork 30; Price EUR: 85; Weight kg: 1.2; Year: 2019
Article: Valve; Model: Stork 40; Price EUR: 110; Weight kg: 1.6; Year: 2020
Article: Filter; Model: Egret 5; Price EUR: 42; Weight kg: 0.4; Year: 2023"""
CREWS = """Boat | Crew | Share of catch
Boat: Alder; Crew: 11; Share of catch: 40 %
Boat: Birch; Crew: 20; Share of catch: 60 %"""
FIGURES = """(in millions) | 2022 | 2023
Revenue; 2022: 34.2; 2023: 36.8
Staff; 2022: 412; 2023: 430"""


def answer(question: str, text: str = PARTS, *, only: bool = True) -> str | None:
    result = calculated(question, rows_of(text), "parts.csv", is_only_table=only)
    return result.text if result else None


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("How many rows does the table have?", "5 (rows of the table)"),
        ("How many records are in parts.csv?", "5 (rows of the table)"),
        ("How many models are there?", "5 (different values of Model)"),
        ("How many different articles are there?", "3 (different values of Article)"),
        ("How many pumps are there?", "2 (rows)"),
        ("How many articles cost over 100?", "3 (rows with over 100)"),
        ("How many articles cost at most 85 EUR?", "2 (rows with at most 85 EUR)"),
        ("How many valves weigh less than 1.5 kg?", "1 (rows with less than 1.5 kg)"),
        ("What share of the total price is the Heron 80?", "57.1 % (1,980 of 3,467, Price EUR)"),
        ("What percentage of the price do pumps have?", "93.2 % (3,230 of 3,467, Price EUR)"),
        ("Which model is the heaviest?", "Heron 80: 19.0"),
        ("What is the most expensive pump?", "Heron 80: 1980"),
        ("What is the oldest model?", "Stork 30: 2019"),
        ("What is the newest model?", "Egret 5: 2023"),
        ("Which is cheaper, Stork 30 or Stork 40?", "Stork 30: 85"),
        ("Which pump is heavier, the Heron 60 or the Heron 80?", "Heron 80: 19.0"),
        ("Which model is older, Heron 60 or Stork 30?", "Stork 30: 2019"),
        (
            "How much more expensive is the Heron 80 than the Heron 60?",
            "730 (1980 less 1250)",
        ),
    ],
)
def test_rows_are_counted_and_shares_computed(question: str, expected: str) -> None:
    assert asks_for_calculation(question)
    assert answer(question) == expected


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("How many crew does Alder have?", CREWS),
        ("What is the share of Alder?", CREWS),
        ("What share of the price is the Crane?", PARTS),
        ("How many people work in the harbour?", PARTS),
        ("How many captains cost over 100?", PARTS),
        ("How many pumps are red?", PARTS),
        ("Which pump is cheaper?", PARTS),
        ("Which pumps are heavier than 15 kg?", PARTS),
    ],
    ids=[
        "a number in a cell",
        "a column of shares",
        "no such row",
        "about something else",
        "no such thing",
        "an unknown condition",
        "one thing is named",
        "a bound",
    ],
)
def test_nothing_is_counted_where_the_question_is_not_understood(question: str, text: str) -> None:
    assert answer(question, text) is None


@pytest.mark.parametrize(
    "question",
    ["How many staff were there in 2022?", "How many staff are there?", "How many staff in 2023?"],
)
def test_a_number_that_a_row_has_is_not_counted(question: str) -> None:
    assert answer(question, FIGURES) is None


def test_the_rows_of_several_tables_are_not_counted() -> None:
    assert answer("How many rows does the table have?", only=False) is None
    assert answer("How many pumps are there?", only=False) == "2 (rows)"


@pytest.mark.parametrize(
    "question",
    [
        "By how much did the revenue rise from 2022 to 2023?",
        "How much did the revenue grow between 2022 and 2023?",
        "How much did the revenue increase?",
        "What is the difference of the revenue between 2022 and 2023?",
    ],
)
def test_a_change_is_the_difference_of_two_years(question: str) -> None:
    assert answer(question, FIGURES) == "2.6 (36.8 less 34.2)"


def test_a_computed_line_is_known_as_one() -> None:
    questions = [
        "How many rows does the table have?",
        "How many models are there?",
        "How many pumps are there?",
        "How many articles cost over 100?",
        "What share of the total price is the Heron 80?",
        "What is the total price?",
        "What is the average price of a valve?",
        "What is the difference of the price between Heron 60 and Heron 80?",
    ]
    for question in questions:
        text = answer(question)
        assert text is None or is_computed_line(text), text
    assert not is_computed_line("Heron 80: 1980")
    assert not is_computed_line("The revenue was 12 (the sum of two rows).")
