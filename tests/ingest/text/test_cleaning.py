from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrel.ingest.text.cleaning import clean_text, one_line, squeeze_blank_lines


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("a\r\nb\rc\nd", "a\nb\nc\nd"),
        ("soft\x0bbreak and page\x0cbreak", "soft\nbreak and page\nbreak"),
        ("zero\0 and \x07bell", "zero and bell"),
        ("co\xadop\ufeffera\uffffte", "cooperate"),
        ("lone \ud800surrogate\udfff", "lone surrogate"),
        ("tab\tand naïve 漢字 🙂 stay", "tab\tand naïve 漢字 🙂 stay"),
    ],
)
def test_text_is_brought_to_one_form(raw: str, clean: str) -> None:
    assert clean_text(raw) == clean


@given(st.text(alphabet=st.characters(), max_size=200))
def test_clean_text_can_be_stored_as_utf_8_and_is_clean_already(text: str) -> None:
    clean = clean_text(text)
    assert clean.encode("utf-8").decode("utf-8") == clean
    assert clean_text(clean) == clean


def test_runs_of_blank_lines_become_one() -> None:
    assert squeeze_blank_lines("\n\na\n\n  \n\t\nb\nc\n\nd\n") == "a\n\nb\nc\n\nd"


def test_one_line_has_single_spaces() -> None:
    assert one_line("  a\r\n b\t\tc\xa0d ") == "a b c d"
