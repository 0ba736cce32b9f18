"""Headings of the pages of a PDF."""

import pytest

from carrel.ingest.pdf.page_heading import LONGEST_HEADING, RUNNING, PageHeadings

BODY = "\nThe text of the page continues for a while, as texts of pages do. " * 8


@pytest.mark.parametrize(
    ("top", "heading"),
    [
        ("Consolidated Balance Sheets", "Consolidated Balance Sheets"),
        ("NORDWIND\nINC.\nCash Flows", "NORDWIND"),
        ("Northern Wind plc\nBALANCE\nSHEET", "Northern Wind plc BALANCE SHEET"),
        ("12\nPART II\nItem 7", "PART II Item 7"),
        ("of the harbour, which was built", None),
        ("The harbour was built in 1850.", None),
        ("Revenue | 12 | 14", None),
        ("2021 2020 2019 Net 12 14 15", None),
        ("資産の部", "資産の部"),
        ("A1", None),
        ("", None),
    ],
)
def test_the_heading_is_what_looks_like_one(top: str, heading: str | None) -> None:
    assert PageHeadings().of(top + BODY) == heading


def test_running_heads_are_passed_over() -> None:
    headings = PageHeadings()
    found = [
        headings.of(f"Annual Report, Page {page}\nChapter {page}" + BODY) for page in range(1, 7)
    ]
    assert found[0] == "Annual Report, Page 1 Chapter 1"
    assert headings.of("Annual Report, Page 7\nThe Board" + BODY) == "The Board"
    assert RUNNING < 6


def test_a_heading_is_never_too_long_nor_most_of_its_page() -> None:
    line = "A Heading of Many Words That Is Too Long for One Line"
    found = PageHeadings().of("\n".join([line, line, line, line]) + BODY)
    assert found is not None
    assert len(found) <= LONGEST_HEADING
    assert PageHeadings().of("A Title Alone\nand a line") is None
