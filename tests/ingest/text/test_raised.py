from __future__ import annotations

import pytest

from carrel.ingest.text.raised import lowered, plain_scripts, raised


@pytest.mark.parametrize(
    ("marked", "text"),
    [
        (f"10{raised('6')} cells", "10^6 cells"),
        (f"3.2×10{raised('-4')}", "3.2×10^-4"),
        (f"5 m{raised('2')}", "5 m^2"),
        (f"s{raised('−1')}", "s^−1"),
        (f"10{raised('1')}{raised('2')}", "10^12"),
        (f"x{raised('4')}", "x^4"),
        (f"240{raised('1')} units", "240[1] units"),
        (f"1,110{raised('12')}", "1,110[12]"),
        (f"Sales{raised('1, 2')}", "Sales[1, 2]"),
        (f"Größe{raised('2')}", "Größe[2]"),
        (f"Town{raised('[3]')}", "Town[3]"),
        (f"1{raised('st')} of May", "1st of May"),
        (f"{raised('1')} Without returns.", "1 Without returns."),
        (f"H{lowered('2')}O", "H2O"),
        (f"101{lowered('2')}", "101_2"),
        (f"10{raised('6')} and 240{raised('1')}", "10^6 and 240[1]"),
        ("nothing", "nothing"),
    ],
)
def test_raised_digits_are_no_digits_of_a_number(marked: str, text: str) -> None:
    assert plain_scripts(marked) == text
