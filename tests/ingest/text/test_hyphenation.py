from __future__ import annotations

import pytest

from carrel.ingest.text.hyphenation import LINE_END_HYPHEN, HyphenJoiner


def cut(text: str) -> str:
    return text.replace("~", LINE_END_HYPHEN)


@pytest.mark.parametrize(
    ("page", "joined"),
    [
        ("An experi~mental boat.", "An experimental boat."),
        ("A long~term view of the long run, term by term.",) * 1
        + ("A long-term view of the long run, term by term.",),
        ("The non~GAAP measure", "The non-GAAP measure"),
        ("COVID~19 and 15d~15(f)", "COVID-19 and 15d-15(f)"),
        ("A one-to~one meeting", "A one-to-one meeting"),
        ("A range ~ and ~", "A range - and -"),
        ("no hyphen at all\r\nhere", "no hyphen at all\nhere"),
    ],
)
def test_a_hyphen_at_the_end_of_a_line_stays_where_it_belongs(page: str, joined: str) -> None:
    assert HyphenJoiner().join(cut(page)) == joined


def test_words_of_earlier_pages_count() -> None:
    joiner = HyphenJoiner()
    assert joiner.join("A long run. The term ends.") == "A long run. The term ends."
    assert joiner.join(cut("A long~term view")) == "A long-term view"


def test_halves_of_cut_words_do_not_count_as_words() -> None:
    joiner = HyphenJoiner()
    assert joiner.join(cut("experi~mental, experi~mental")) == "experimental, experimental"


def test_a_page_without_spaces_is_joined_in_one_pass() -> None:
    page = "x" * 50_000 + LINE_END_HYPHEN + "y" * 50_000
    assert HyphenJoiner().join(page) == "x" * 50_000 + "y" * 50_000
