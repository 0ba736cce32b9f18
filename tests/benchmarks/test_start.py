"""The report of the benchmark of starts."""

from __future__ import annotations

import start


def test_both_checkouts_are_side_by_side_with_the_ratio_of_their_medians() -> None:
    found = {"`carrel --help`: s": {"before": [2.0, 4.0, 3.0], "now": [1.0, 0.6, 0.5]}}
    page = start.report(found, ["before", "now"], 3, "an older commit")
    assert "| `carrel --help`: s | 3.00 (2.00 to 4.00) | 0.60 (0.50 to 1.00) | 0.20 |" in page
    assert "Before: an older commit." in page


def test_a_checkout_alone_has_no_ratio() -> None:
    page = start.report({"`carrel check`: s": {"now": [0.5]}}, ["now"], 1, "")
    assert "| `carrel check`: s | 0.50 (0.50 to 0.50) |\n" in page
    assert "Before:" not in page
