from __future__ import annotations

import math

import pytest

from carrel.ingest.office.number_format import shown_number

ACCOUNTING = '_("$"* #,##0.00_);_("$"* (#,##0.00);_("$"* "-"??_);_(@_)'


@pytest.mark.parametrize(
    ("value", "number_format", "shown"),
    [
        (0.125, "0.0%", "12.5%"),
        (0.125, "0%", "13%"),
        (1234567.891, "#,##0", "1,234,568"),
        (1234567.891, "#,##0.00", "1,234,567.89"),
        (1234567, "#,##0,", "1,235"),
        (7e6, '#,##0,,"M"', "7M"),
        (0, "#,##0", "0"),
        (7, "000", "007"),
        (1.005, "0.00", "1.01"),
        (1.5, "0.0##", "1.5"),
        (-3, "0", "-3"),
        (-5, "#,##0;(#,##0)", "(5)"),
        (-5, "0;[Red]-0", "-5"),
        (1234.5, ACCOUNTING, "$ 1,234.50"),
        (-1234.5, ACCOUNTING, "$ (1,234.50)"),
        (0, ACCOUNTING, "$ -"),
        (5, "[$€-407] #,##0.00", "€ 5.00"),
        (5, r"#,##0.00\ [$€-407]", "5.00 €"),
        (5, '0" per %"', "5 per %"),
    ],
)
def test_a_number_reads_as_its_cell_shows_it(value: float, number_format: str, shown: str) -> None:
    assert shown_number(value, number_format) == shown


@pytest.mark.parametrize(
    "number_format",
    [
        *("", "General", "@", "# ?/?", "0.00E+00", "[>2]0;0", "000-0000", "yyyy", ";;;", '"x"'),
        *("0." + "0" * 31, "0" * 300, "0.0.0", '"', "[", "\\", "%"),
    ],
)
def test_other_formats_give_the_plain_number(number_format: str) -> None:
    assert shown_number(12.5, number_format) == "12.5"


@pytest.mark.parametrize(("value", "plain"), [(1e300, "1e+300"), (math.nan, "nan")])
def test_what_no_format_can_show_is_plain(value: float, plain: str) -> None:
    assert shown_number(value, "#,##0.00") == plain
    assert shown_number(-math.inf, "0%") == "-inf"
