from __future__ import annotations

import pytest

from carrel.ingest.pdf.running_lines import RunningLines


def moved(*pages: str, in_margin: int = 2) -> list[str]:
    running = RunningLines()
    return [running.moved(page, in_margin) for page in pages]


def test_a_running_head_is_behind_the_text_from_its_second_page_on() -> None:
    pages = [f"Annual Report 2021\nText of page {word}\nand more." for word in ("a", "b", "c")]
    assert moved(*pages) == [
        pages[0],
        "Text of page b\nand more.\nAnnual Report 2021",
        "Text of page c\nand more.\nAnnual Report 2021",
    ]


@pytest.mark.parametrize(
    "form", ["{}", "- {} -", "Jahresbericht der Werft {}", "{} Rapport annuel", "Seite {} von 9"]
)
def test_numbers_of_pages_are_part_of_it(form: str) -> None:
    pages = [f"{form.format(number)}\nText {number * number}\nmore." for number in (7, 8, 9)]
    assert moved(*pages)[1:] == [
        f"Text {number * number}\nmore.\n{form.format(number)}" for number in (8, 9)
    ]


def test_two_lines_and_blank_lines_are_moved_together() -> None:
    pages = [f"The Firm\n\nPage {number}\n\nText {number}." for number in (3, 4)]
    assert moved(*pages)[1] == "Text 4.\nThe Firm\nPage 4"


@pytest.mark.parametrize(
    "lines", [("Question 1", "Question 2"), ("1. Alpha", "2. Beta"), ("Year | 1", "Year | 1")]
)
def test_headings_and_tables_stay_where_they_are(lines: tuple[str, str]) -> None:
    pages = [f"{line}\nText of it, number {number}." for number, line in enumerate(lines)]
    assert moved(*pages) == pages


def test_a_title_on_two_pages_is_a_title_and_on_many_a_running_head() -> None:
    pages = [f"Certifications\nText of page {word}." for word in ("a", "b", "c")]
    assert moved(*pages, in_margin=0) == [*pages[:2], "Text of page c.\nCertifications"]


def test_rows_of_a_table_on_many_pages_stay_where_they_are() -> None:
    pages = [f"Town: Ulm; Cars: 0\nTown: {word}; Cars: 3" for word in ("Bonn", "Jena", "Kiel")]
    assert moved(*pages, in_margin=0) == pages


def test_a_page_with_nothing_else_is_kept() -> None:
    assert moved("The same", "The same", "") == ["The same", "The same", ""]
