"""Numbers of cells, as people write them."""

from decimal import Decimal

import pytest

from carrel.services.tables.cell_numbers import number_of


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("42", "42"),
        ("$ 34,229", "34229"),
        ("1,234,567", "1234567"),
        ("(2,724)", "-2724"),
        ("$(1.5)", "-1.5"),
        ("-3,5", "-3.5"),
        ("−7", "-7"),
        ("1.234,56", "1234.56"),
        ("1 234", "1234"),
        ("12’500", "12500"),
        ("0.5", "0.5"),
        ("12 %", "12"),
        ("480 crowns", "480"),
        ("12,5 km/h", "12.5"),
    ],
)
def test_signs_separators_and_units(text: str, number: str) -> None:
    assert number_of(text) == Decimal(number)


@pytest.mark.parametrize(
    "text", ["", "—", "n/a", "A12", "14.05.2024", "2024-05-14", "10:30", "1.2.3", "3 of 7 or so"]
)
def test_what_is_no_single_number_is_none(text: str) -> None:
    assert number_of(text) is None
