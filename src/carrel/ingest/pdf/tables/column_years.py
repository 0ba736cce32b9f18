"""Years above the columns of a table without rules, as its heads.

In accounts the years are written once, some lines above the first row: titles of groups, such as
"Operating expenses:", are in between and divide the rows into several tables.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pypdfium2

from carrel.ingest.pdf.tables.ruled_lines import Grid

_YEAR = re.compile(r"(?:FY\s?)?((?:19|20)\d\d)\b[^\w\s]{0,3}")
_MOST_PIECES = 2_000
_FEWEST_YEARS = 2
# In points, and in heights of a line: a title between two tables.
_SAME_LINE = 2.0
_FARTHEST = 6.0


@dataclass(frozen=True, slots=True)
class _Year:
    middle: float
    bottom: float
    height: float
    digits: str


def heads_of_years(
    grids: Sequence[Grid], text_page: pypdfium2.PdfTextPage
) -> dict[int, tuple[str, ...]]:
    """Return the heads of the columns of grids, by their number, where they are years above.

    ``grids`` are from the top of the page to its bottom. Years are also those of a grid that
    follows the one below them.
    """
    count = text_page.count_rects() if grids else 0
    if not 0 < count <= _MOST_PIECES:
        return {}
    years = _years(text_page, count)
    found: dict[int, tuple[str, ...]] = {}
    line: list[_Year] = []
    end = 0.0
    for number, grid in enumerate(grids):
        top = grid.rows[-1]
        above = [each for each in years if top - _SAME_LINE <= each.bottom]
        nearest = min((each.bottom for each in above), default=0.0)
        if above and (not line or nearest < line[0].bottom - _SAME_LINE):
            line = [each for each in above if each.bottom - nearest < _SAME_LINE]
            end = nearest
        if not line or end - top > _FARTHEST * line[0].height:
            line = []
            continue
        heads = _heads(grid, line)
        if heads:
            found[number] = heads
            end = grid.rows[0]
    return found


def _years(text_page: pypdfium2.PdfTextPage, count: int) -> list[_Year]:
    years = []
    for left, bottom, right, top in map(text_page.get_rect, range(count)):
        match = _YEAR.fullmatch(text_page.get_text_bounded(left, bottom, right, top).strip())
        if match is not None:
            years.append(_Year((left + right) / 2, bottom, top - bottom, match[1]))
    return years


def _heads(grid: Grid, line: Sequence[_Year]) -> tuple[str, ...]:
    """Return the head of each column, if the years are above as many columns."""
    heads = [""] * (len(grid.columns) - 1)
    for year in line:
        column = sum(edge <= year.middle for edge in grid.columns) - 1
        if 0 < column < len(heads) and not heads[column]:
            heads[column] = year.digits
    return tuple(heads) if sum(map(bool, heads)) == len(line) >= _FEWEST_YEARS else ()
