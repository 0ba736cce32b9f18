"""Accounts in PDF: labels beside ruled numbers, years above, signs and titles in between."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from carrel.ingest.pdf.pdf import PdfReader
from samples.pdfs import write_page

FONT = b"/F1 <</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
EDGES = (360, 368, 430)
NEXT_COLUMN = 80
LEFT = 40
ROW_HEIGHT = 14

Row = tuple[str, ...]
ACCOUNTS: list[Row] = [
    ("Net sales", "$ 34,229", "$ 35,355"),
    ("Operating expenses:",),
    ("Cost of sales", "19,232", "18,795"),
    ("Gain on the sale of the ferry", "(2,724)", "(11)"),
    ("Total operating expenses", "27,690", "27,986"),
    ("Other items:",),
    ("Interest expense", "612", "1,285"),
    ("Net income", "$ 5,791", "$ 5,929"),
    ("Net income per share", "$ 10.21", "$ 10.23"),
]


def write_accounts(path: Path, years: Row, rows: Sequence[Row], ruled: Sequence[int]) -> Path:
    """Write a statement; the numbers of the columns ``ruled`` are in boxes, ``$`` in others."""
    content = [b"0.5 w"]

    def text(x: float, y: float, words: str) -> None:
        escaped = words.replace("(", "\\(").replace(")", "\\)").encode()
        content.append(b"BT /F1 9 Tf %d %d Td (%s) Tj ET" % (x, y, escaped))

    top = 700
    text(LEFT, 750, "Statement of income")
    for column, year in enumerate(years):
        shift = column * NEXT_COLUMN
        text((LEFT, EDGES[1] + 20 + shift - NEXT_COLUMN)[column > 0], top + 4, year)
    for number, row in enumerate(rows):
        y = top - (number + 1) * ROW_HEIGHT
        for column, words in enumerate(row):
            shift = (column - 1) * NEXT_COLUMN
            if column == 0:
                text(LEFT, y + 4, words)
                continue
            sign, _, amount = words.rpartition(" ")
            if sign:
                text(EDGES[0] + shift + 1, y + 4, sign)
            text(EDGES[1] + shift + 54 - 5 * len(amount), y + 4, amount)
        for column in ruled:
            shift = (column - 1) * NEXT_COLUMN
            for left, right in ((EDGES[0], EDGES[1]), (EDGES[1], EDGES[2])):
                size = (left + shift, y, right - left, ROW_HEIGHT)
                content.append(b"%d %d %d %d re S" % size)
    return write_page(path, b"\n".join(content), FONT)


def lines_of(path: Path) -> list[str]:
    return [line for section in PdfReader().read(path) for line in section.text.splitlines()]


ACROSS = (
    "What the harbour trust and its three ferries earned and spent in these years, as the books "
    "of the trust state it:"
)
YEARS = ("(Millions, except per share)", "2022", "2021")


@pytest.mark.parametrize("ruled", [(1, 2), (1,), ()], ids=["all columns", "the first", "none"])
def test_each_row_has_its_label_and_its_years(tmp_path: Path, ruled: Sequence[int]) -> None:
    lines = lines_of(write_accounts(tmp_path / "accounts.pdf", YEARS, ACCOUNTS, ruled))
    for label, *numbers in ACCOUNTS:
        row = f"{label}; 2022: {numbers[0]}; 2021: {numbers[1]}" if numbers else label
        assert any(line.endswith(row) for line in lines), (row, lines)


def test_rows_below_titles_keep_the_years_of_the_first_ones(tmp_path: Path) -> None:
    rows = [(ACROSS,), *ACCOUNTS[:4], (ACROSS,), *ACCOUNTS[4:]]
    lines = lines_of(write_accounts(tmp_path / "accounts.pdf", YEARS, rows, ()))
    assert "Cost of sales; 2022: 19,232; 2021: 18,795" in lines
    assert "Net income; 2022: $ 5,791; 2021: $ 5,929" in lines


def test_years_above_another_number_of_columns_are_no_heads(tmp_path: Path) -> None:
    rows = [(ACROSS,), *ACCOUNTS[:4], (ACROSS,), *ACCOUNTS[4:]]
    years = ("(Millions)", "2022")
    lines = lines_of(write_accounts(tmp_path / "accounts.pdf", years, rows, ()))
    assert not any("2022:" in line for line in lines)
    assert any("Cost of sales" in line and "18,795" in line for line in lines)
