"""Joins grids that are parts of one table, and adds the labels and heads beside them.

In accounts often only the numbers are ruled or shaded, each column on its own, while the labels of
the rows on the left and the heads above are bare text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import pypdfium2

from carrel.ingest.pdf.tables.ruled_lines import Grid, Line

# In points.
_SAME_RULE = 3.0
_BESIDE = 2.0
_MOST_PIECES = 2_000
# Shares of rows: those that two parts have in common, and those that have a label.
_MOST_ROWS = 0.8
_LABELLED = 0.5
_FEWEST_ROWS = 3
_MOST_HEADS = 3
# In heights of a line.
_NEXT_LINE = 1.6


@dataclass(frozen=True, slots=True)
class _Piece:
    left: float
    bottom: float
    right: float
    top: float

    @property
    def middle(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.bottom + self.top) / 2


def with_labels(grids: Sequence[Grid], text_page: pypdfium2.PdfTextPage) -> list[Grid]:
    """Return the grids, those with the same rows joined, and widened by labels and heads."""
    count = text_page.count_rects() if grids else 0
    joined = _joined(grids)
    if not 0 < count <= _MOST_PIECES:
        return joined
    pieces = [_Piece(*text_page.get_rect(index)) for index in range(count)]
    free = [piece for piece in pieces if not any(grid.cell(*piece.middle) for grid in joined)]
    return [wide for grid in joined if (wide := _widened(grid, free)) is not None]


def _joined(grids: Sequence[Grid]) -> list[Grid]:
    found: list[Grid] = []
    for grid in sorted(grids, key=lambda each: each.columns[0]):
        for place, other in enumerate(found):
            if _are_beside(other, grid):
                found[place] = _as_one(other, grid)
                break
        else:
            found.append(grid)
    return sorted(found, key=lambda each: -each.rows[-1])


def _are_beside(one: Grid, other: Grid) -> bool:
    if other.columns[0] < one.columns[-1] - _BESIDE:
        return False
    ends = ((one.rows[0], other.rows[0]), (one.rows[-1], other.rows[-1]))
    if any(abs(here - there) > _SAME_RULE for here, there in ends):
        return False
    fewer, more = sorted((one.rows, other.rows), key=len)
    return sum(_near(row, more) for row in fewer) >= _MOST_ROWS * len(more)


def _near(position: float, others: Iterable[float]) -> bool:
    return any(abs(position - other) <= _SAME_RULE for other in others)


def _as_one(one: Grid, other: Grid) -> Grid:
    """Return two grids side by side as one, with the rows of the finer one."""
    rows = max(one.rows, other.rows, key=len)
    apart = other.columns[0] - one.columns[-1] > _BESIDE
    columns = (*one.columns, *(other.columns if apart else other.columns[1:]))
    upright = (*_uprights(one), *(_uprights(other) if apart else _uprights(other)[1:]))
    levels = tuple(
        tuple(line for grid in (one, other) for line in _levels_at(grid, row)) for row in rows
    )
    return Grid(columns, rows, upright, levels)


def _uprights(grid: Grid) -> tuple[tuple[Line, ...], ...]:
    whole = grid.rows[0], grid.rows[-1]
    return grid.upright or tuple((Line(column, *whole),) for column in grid.columns)


def _levels_at(grid: Grid, row: float) -> tuple[Line, ...]:
    if not grid.level:
        return (Line(row, grid.columns[0], grid.columns[-1]),)
    lines = zip(grid.rows, grid.level, strict=True)
    return tuple(line for own, at in lines if abs(own - row) <= _SAME_RULE for line in at)


def _widened(grid: Grid, free: Sequence[_Piece]) -> Grid | None:
    """Return a grid with its labels as the first column, and its heads as the first rows.

    None if other columns of its table, on the right, are not ruled.
    """
    spans = list(zip(grid.rows, grid.rows[1:], strict=False))
    labels = [
        piece
        for piece in free
        if piece.right <= grid.columns[0] + _BESIDE
        and grid.rows[0] < piece.middle[1] < grid.rows[-1]
    ]
    rows = {
        number
        for piece in labels
        for number, (bottom, top) in enumerate(spans)
        if bottom < piece.middle[1] < top
    }
    if len(spans) < _FEWEST_ROWS or len(rows) < max(_FEWEST_ROWS, _LABELLED * len(spans)):
        return grid
    right = {
        number
        for piece in free
        if piece.left >= grid.columns[-1] - _BESIDE
        for number, (bottom, top) in enumerate(spans)
        if bottom < piece.middle[1] < top
    }
    if len(right) >= _LABELLED * len(spans):
        return None
    left = min(piece.left for piece in labels) - _BESIDE
    return _with_heads(_with_column(grid, left), free)


def _with_column(grid: Grid, left: float) -> Grid:
    whole = Line(left, grid.rows[0], grid.rows[-1])
    beside = ((*_levels_at(grid, row), Line(row, left, grid.columns[0])) for row in grid.rows)
    return Grid((left, *grid.columns), grid.rows, ((whole,), *_uprights(grid)), tuple(beside))


def _with_heads(grid: Grid, free: Sequence[_Piece]) -> Grid:
    """Return a grid with the lines above it whose pieces are above several of its columns."""
    for _ in range(_MOST_HEADS):
        top = grid.rows[-1]
        above = [
            piece
            for piece in free
            if piece.middle[1] > top and grid.columns[0] <= piece.middle[0] <= grid.columns[-1]
        ]
        lowest = min(above, key=lambda piece: piece.bottom, default=None)
        if lowest is None or lowest.bottom - top > _NEXT_LINE * (lowest.top - lowest.bottom):
            break
        line = [each for each in above if each.bottom < lowest.middle[1] < each.top]
        if len({_column_of(grid, piece) for piece in line} - {1}) < min(2, len(grid.columns) - 2):
            break
        highest = max(piece.top for piece in line) + 1
        head = Line(highest, grid.columns[0], grid.columns[-1])
        upright = tuple(
            (*lines, Line(column, top, highest))
            for column, lines in zip(grid.columns, grid.upright, strict=True)
        )
        grid = replace(
            grid, rows=(*grid.rows, highest), upright=upright, level=(*grid.level, (head,))
        )
    return grid


def _column_of(grid: Grid, piece: _Piece) -> int:
    return sum(column <= piece.middle[0] for column in grid.columns)
