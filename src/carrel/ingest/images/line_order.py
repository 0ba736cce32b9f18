"""Reading order of recognised lines: columns, rows of tables, paragraphs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

# Lengths are in heights of a line.
_GUTTER = 0.8
_CELL_GAP = 1.2
_SAME_ROW = 0.5
_PARAGRAPH_GAP = 0.75
# A line of prose is so wide; cells of a table are shorter.
_PROSE_WIDTH = 8.0
_FEWEST_LINES = 3
_MOST_CROSSING = 0.4
_MOST_LINES = 2_000


@dataclass(frozen=True, slots=True)
class Line:
    """A recognised line, or a part of one, with its box in pixels from the top left."""

    text: str
    left: float
    top: float
    right: float
    bottom: float

    @property
    def height(self) -> float:
        """The height of its box."""
        return self.bottom - self.top

    def beside(self, other: Line) -> bool:
        """Whether both are in one row."""
        shared = min(self.bottom, other.bottom) - max(self.top, other.top)
        return shared > _SAME_ROW * min(self.height, other.height)


def text_of_lines(lines: Sequence[Line]) -> str:
    """Return the text in reading order, with a blank line between paragraphs.

    Lines in columns are read column by column. In rows that are cells of a table, the cells are
    separated by `` | ``.
    """
    if not lines:
        return ""
    rows = list(_cut(lines) if len(lines) <= _MOST_LINES else _rows(lines))
    size = median(each.height for each in lines)
    parts = [_row_text(rows[0], rows)]
    for above, row in pairwise(rows):
        gap = min(each.top for each in row) - max(each.bottom for each in above)
        parts.append("\n" if -size < gap < _PARAGRAPH_GAP * size else "\n\n")
        parts.append(_row_text(row, rows))
    return "".join(parts)


def _row_text(row: list[Line], rows: Sequence[list[Line]]) -> str:
    """Return a row; its cells are apart if another row has as many at the same places."""
    cells = [[row[0]]]
    for last, each in pairwise(row):
        if each.left - last.right > _CELL_GAP * min(last.height, each.height):
            cells.append([])
        cells[-1].append(each)
    texts = [" ".join(each.text for each in cell) for cell in cells]
    return (" | " if _has_columns(row, rows) else " ").join(texts)


def _has_columns(row: list[Line], rows: Sequence[list[Line]]) -> bool:
    """Whether the pieces of a row are below or above those of another one."""
    return any(
        len(other) == len(row) and other is not row and all(map(_overlap, row, other))
        for other in rows
    )


def _overlap(one: Line, other: Line) -> bool:
    return min(one.right, other.right) > max(one.left, other.left)


def _cut(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """Yield the rows column by column; lines across columns divide them (XY-cut)."""
    gutter = _gutter(lines)
    if gutter is None:
        yield from _rows(lines)
        return
    left: list[Line] = []
    right: list[Line] = []
    for each in sorted(lines, key=lambda each: each.top):
        if each.left < gutter < each.right:
            for side in (left, right):
                yield from _cut(side) if side else ()
            left, right = [], []
            yield [each]
        else:
            (left if each.right <= gutter else right).append(each)
    for side in (left, right):
        yield from _cut(side) if side else ()


def _gutter(lines: Sequence[Line]) -> float | None:
    """Return where a gutter between two columns of prose is, if there is one."""
    edges = sorted([(each.left, 1) for each in lines] + [(each.right, -1) for each in lines])
    size = median(each.height for each in lines)
    gutters: list[tuple[int, float, float]] = []
    covered = 0
    for (at, step), (after, _) in pairwise(edges):
        covered += step
        if after - at > _GUTTER * size and covered <= _MOST_CROSSING * len(lines):
            gutters.append((covered, at - after, (at + after) / 2))
    # The one that the fewest lines cross, the widest of those.
    return next((middle for *_, middle in sorted(gutters) if _divides(lines, middle)), None)


def _divides(lines: Sequence[Line], gutter: float) -> bool:
    """Whether there are lines of prose on both sides, beside each other."""
    sides = (
        [each for each in lines if each.right <= gutter],
        [each for each in lines if each.left >= gutter],
    )
    if min(map(len, sides)) < _FEWEST_LINES:
        return False
    top = max(min(each.top for each in side) for side in sides)
    bottom = min(max(each.bottom for each in side) for side in sides)
    return top < bottom and all(
        median((each.right - each.left) / max(each.height, 1.0) for each in side) >= _PROSE_WIDTH
        for side in sides
    )


def _rows(lines: Sequence[Line]) -> Iterator[list[Line]]:
    row: list[Line] = []
    for each in sorted(lines, key=lambda each: each.top + each.bottom):
        if row and not row[0].beside(each):
            yield sorted(row, key=lambda each: each.left)
            row = []
        row.append(each)
    if row:
        yield sorted(row, key=lambda each: each.left)
