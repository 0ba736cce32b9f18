"""Ruled lines of a PDF page, and the tables that they enclose."""

from __future__ import annotations

import ctypes
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pypdfium2
import pypdfium2.raw as pdfium

# Lengths are in points.
_TOLERANCE = 2.0
_SHORTEST = 8.0
# A page with more lines is a drawing.
_MOST_PATHS = 5_000
_MOST_POINTS = 20_000
_MOST_LINES = 300
_FEWEST_RULES = 3
_PATH = pdfium.FPDF_PAGEOBJ_PATH


@dataclass(frozen=True, slots=True)
class Line:
    """A horizontal or vertical line: its position, and its start and end."""

    position: float
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Grid:
    """The rules of one table, from left to right and from bottom to top.

    ``upright`` and ``level`` are the lines at each of their positions; without them every cell is
    ruled off.
    """

    columns: tuple[float, ...]
    rows: tuple[float, ...]
    upright: tuple[tuple[Line, ...], ...] = ()
    level: tuple[tuple[Line, ...], ...] = ()

    def divides_columns(self, row: int, column: int) -> bool:
        """Whether a rule is on the left of a cell; rows count from the top, both from 1."""
        index = len(self.rows) - row
        middle = (self.rows[index - 1] + self.rows[index]) / 2
        return not self.upright or _covers(self.upright[column - 1], middle)

    def divides_rows(self, row: int, column: int) -> bool:
        """Whether a rule is above a cell."""
        middle = (self.columns[column - 1] + self.columns[column]) / 2
        return not self.level or _covers(self.level[len(self.rows) - row], middle)

    def cell(self, x: float, y: float) -> tuple[int, int] | None:
        """Return the row, from the top, and the column of a point; None outside."""
        column, row = bisect_right(self.columns, x), bisect_right(self.rows, y)
        if not (0 < column < len(self.columns) and 0 < row < len(self.rows)):
            return None
        return len(self.rows) - row, column


def grids(page: pypdfium2.PdfPage) -> list[Grid]:
    """Return the tables of two or more rows and columns whose cells are ruled."""
    level: list[Line] = []
    upright: list[Line] = []
    for (x, y), (to_x, to_y) in _strokes(page):
        if abs(y - to_y) < _TOLERANCE and abs(x - to_x) > _SHORTEST:
            level.append(Line((y + to_y) / 2, min(x, to_x), max(x, to_x)))
        elif abs(x - to_x) < _TOLERANCE and abs(y - to_y) > _SHORTEST:
            upright.append(Line((x + to_x) / 2, min(y, to_y), max(y, to_y)))
    level, upright = _merged(level), _merged(upright)
    if len(level) + len(upright) > _MOST_LINES:
        return []
    return list(_connected(level, upright))


def _strokes(page: pypdfium2.PdfPage) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    """Yield the straight segments of the paths on the page; nothing if there are too many."""
    # A page may have thousands of objects: the wrappers' per-call overhead matters.
    raw, object_at, type_of = page.raw, pdfium.FPDFPage_GetObject, pdfium.FPDFPageObj_GetType
    objects = (object_at(raw, index) for index in range(pdfium.FPDFPage_CountObjects(raw)))
    paths = [each for each in objects if type_of(each) == _PATH]
    points = sum(pdfium.FPDFPath_CountSegments(path) for path in paths)
    if len(paths) > _MOST_PATHS or points > _MOST_POINTS:
        return
    x, y, matrix = ctypes.c_float(), ctypes.c_float(), pdfium.FS_MATRIX()
    to_x, to_y = ctypes.pointer(x), ctypes.pointer(y)
    for path in paths:
        pdfium.FPDFPageObj_GetMatrix(path, matrix)
        begin = last = (0.0, 0.0)
        for index in range(pdfium.FPDFPath_CountSegments(path)):
            segment = pdfium.FPDFPath_GetPathSegment(path, index)
            pdfium.FPDFPathSegment_GetPoint(segment, to_x, to_y)
            point = (
                matrix.a * x.value + matrix.c * y.value + matrix.e,
                matrix.b * x.value + matrix.d * y.value + matrix.f,
            )
            kind = pdfium.FPDFPathSegment_GetType(segment)
            if kind == pdfium.FPDF_SEGMENT_MOVETO:
                begin = point
            elif kind == pdfium.FPDF_SEGMENT_LINETO:
                yield last, point
            if pdfium.FPDFPathSegment_GetClose(segment):
                yield point, begin
            last = point


def _merged(lines: Sequence[Line]) -> list[Line]:
    """Return the lines with overlapping and consecutive ones merged."""
    merged: list[Line] = []
    group: list[Line] = []
    for line in sorted(lines, key=lambda each: each.position):
        if group and line.position - group[0].position > _TOLERANCE:
            merged += _joined(group)
            group = []
        group.append(line)
    return merged + _joined(group)


def _joined(group: Sequence[Line]) -> list[Line]:
    joined: list[Line] = []
    for line in sorted(group, key=lambda each: each.start):
        if joined and line.start <= joined[-1].end + _TOLERANCE:
            before = joined[-1]
            joined[-1] = Line(before.position, before.start, max(before.end, line.end))
        else:
            joined.append(line)
    return joined


def _connected(level: Sequence[Line], upright: Sequence[Line]) -> Iterator[Grid]:
    """Yield the grids of lines that touch each other."""
    unseen = set(range(len(upright)))
    rows_left = set(range(len(level)))
    while rows_left:
        rows, columns = {rows_left.pop()}, set[int]()
        waiting = list(rows)
        while waiting:
            row = level[waiting.pop()]
            for index in [each for each in unseen if _touch(row, upright[each])]:
                unseen.discard(index)
                columns.add(index)
                more = [each for each in rows_left if _touch(level[each], upright[index])]
                rows_left.difference_update(more)
                rows.update(more)
                waiting += more
        lefts = _by_position(upright[each] for each in columns)
        bottoms = _by_position(level[each] for each in rows)
        if len(lefts) >= _FEWEST_RULES and len(bottoms) >= _FEWEST_RULES:
            yield Grid(tuple(lefts), tuple(bottoms), _lines(lefts), _lines(bottoms))


def _by_position(lines: Iterator[Line]) -> dict[float, list[Line]]:
    """Return the lines at each position, sorted; thin bars count once."""
    found: dict[float, list[Line]] = {}
    last = 0.0
    for line in sorted(lines, key=lambda each: each.position):
        if not found or line.position - last > _TOLERANCE:
            last = line.position
            found[last] = []
        found[last].append(line)
    return found


def _lines(found: dict[float, list[Line]]) -> tuple[tuple[Line, ...], ...]:
    return tuple(map(tuple, found.values()))


def _covers(lines: Sequence[Line], middle: float) -> bool:
    return any(line.start <= middle <= line.end for line in lines)


def _touch(level: Line, upright: Line) -> bool:
    return (
        level.start - _TOLERANCE <= upright.position <= level.end + _TOLERANCE
        and upright.start - _TOLERANCE <= level.position <= upright.end + _TOLERANCE
    )
