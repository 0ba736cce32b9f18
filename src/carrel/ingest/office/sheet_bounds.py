"""Limits of workbooks whose cells or sheets are many only in number."""

from __future__ import annotations

from carrel.core.errors import DocumentTooLarge

MOST_SHEETS = 5_000
"""Libraries take quadratic time for the names of sheets."""

MOST_BLANK_CELLS = 50_000_000
"""Blank cells left of filled ones in one workbook: a row is as long as its last cell is far."""


def require_few_sheets(count: int) -> None:
    """Refuse a workbook with too many sheets.

    Raises:
        DocumentTooLarge: it has more than ``MOST_SHEETS``.
    """
    if count > MOST_SHEETS:
        raise DocumentTooLarge(
            f"it has {count:,} sheets, and at most {MOST_SHEETS:,} are read: split it"
        )


class BlankCells:
    """Counts the blank cells of one workbook."""

    def __init__(self) -> None:
        self._count = 0

    def add(self, count: int) -> None:
        """Count blank cells before they are made.

        Raises:
            DocumentTooLarge: they are more than ``MOST_BLANK_CELLS``.
        """
        self._count += count
        if self._count > MOST_BLANK_CELLS:
            raise DocumentTooLarge(
                f"its cells are so far apart that {MOST_BLANK_CELLS:,} blank ones are between "
                "them: delete the cells at the far right of its sheets"
            )
