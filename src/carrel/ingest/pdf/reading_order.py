"""Reading order of the lines on a PDF page: columns, side boxes, heads and feet."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median

from carrel.ingest.pdf.fragments import CELL_GAP, Fragment
from carrel.ingest.text.hyphenation import LINE_END_HYPHEN

# Lengths are in heights of a line, unless they are shares of the page.
_NEXT_LINE = 2.5
_GUTTER = 0.6
# A line of prose is so wide; cells of a table are shorter.
_PROSE_WIDTH = 8.0
_FEWEST_LINES = 3
_MOST_GUTTERS = 50
_MOST_CROSSING = 0.4
_MARGIN = 0.075
_MARGIN_GAP = 0.8
# The order of the file is kept unless the other one has less than half as many jumps.
_FEWEST_JUMPS = 3
_MOST_FRAGMENTS = 2_000
_HYPHENS = re.compile("(?<=[^\\W\\d_])[-\u2010\u00ad]\\Z")


def in_reading_order(
    fragments: list[Fragment], page: tuple[float, float, float, float]
) -> tuple[list[Fragment], list[Fragment]]:
    """Return the fragments that are on the page as they are read, those in the upper margin apart.

    The order of the file is kept where it goes from line to line. Where it jumps (columns drawn
    line by line, boxes drawn in between), columns are separated at gutters that no line crosses.
    Lines of vertical text follow each other from the right. Heads and feet of the page, given by
    its left, bottom, right and top, are its first and last lines.
    """
    left, bottom, right, top = page
    on_page = [
        each
        for each in fragments
        if 2 * left <= each.left + each.right <= 2 * right
        and 2 * bottom <= each.bottom + each.top <= 2 * top
    ]
    margin = _MARGIN * (top - bottom)
    head, body, foot = _margins(on_page, bottom + margin, top - margin)
    if 2 * sum(len(each.text) for each in body if each.vertical) > sum(
        len(each.text) for each in body
    ):
        return head, sorted([*body, *foot], key=lambda each: (-each.right, -each.top))
    jumps = _jumps(body)
    if jumps >= _FEWEST_JUMPS and len(body) <= _MOST_FRAGMENTS:
        ordered = list(_cut(body, _right_to_left(body)))
        if 2 * _jumps(ordered) < jumps and _keeps_hyphens(body, ordered):
            body = ordered
    return head, [*body, *foot]


def text_of(fragments: Sequence[Fragment]) -> str:
    """Return the text of fragments in reading order, a line for each row."""
    parts: list[str] = []
    last: Fragment | None = None
    for each in fragments:
        if last is not None:
            if (
                not each.vertical
                and last.beside(each)
                and last.gap(each) > -min(last.size, each.size)
            ):
                parts.append(" ")
            elif each.text[:1].islower() and _HYPHENS.search(parts[-1]):
                parts[-1] = parts[-1][:-1] + LINE_END_HYPHEN
            elif not parts[-1].endswith(LINE_END_HYPHEN):
                parts.append("\n")
        parts.append(each.text)
        last = each
    return "".join(parts)


def _margins(
    fragments: list[Fragment], bottom: float, top: float
) -> tuple[list[Fragment], list[Fragment], list[Fragment]]:
    """Return the lines above ``top``, the others, and those below ``bottom``."""
    head = [each for each in fragments if each.bottom > top]
    foot = [each for each in fragments if each.top < bottom]
    body = [each for each in fragments if each.bottom <= top and each.top >= bottom]
    if not body:
        return [], fragments, []
    gap = _MARGIN_GAP * median(each.size for each in body)
    if head and min(each.bottom for each in head) - max(each.top for each in body) < gap:
        head = []
    if foot and min(each.bottom for each in body) - max(each.top for each in foot) < gap:
        foot = []
    apart = {id(each) for each in (*head, *foot)}
    return head, [each for each in fragments if id(each) not in apart], foot


def _jumps(fragments: Sequence[Fragment]) -> int:
    """Count the places where the next fragment is neither beside nor below the last one."""
    jumps = 0
    for last, each in pairwise(fragments):
        size = max(last.size, each.size)
        if last.beside(each):
            jumps += last.gap(each) > 2 * CELL_GAP * size or each.left < last.left
        else:
            down = last.bottom - each.top
            jumps += not (-size < down < _NEXT_LINE * size and last.gap(each) < 0)
    return jumps


def _keeps_hyphens(before: Sequence[Fragment], after: Sequence[Fragment]) -> bool:
    """Whether the word that pdfium found divided at a line's end is still followed by its rest."""
    follower = {id(last): each for last, each in pairwise(after)}
    return all(
        follower.get(id(last)) is each
        for last, each in pairwise(before)
        if last.text.endswith(LINE_END_HYPHEN)
    )


def _cut(fragments: list[Fragment], right_to_left: bool) -> Iterator[Fragment]:
    """Yield the fragments column by column; lines across columns divide them (XY-cut)."""
    gutter = _gutter(fragments)
    if gutter is None:
        yield from _by_rows(fragments, right_to_left)
        return
    sides: tuple[list[Fragment], list[Fragment]] = [], []
    for each in sorted(fragments, key=lambda each: -each.top):
        if each.left < gutter < each.right:
            yield from _sides(sides, right_to_left)
            sides = [], []
            yield each
        else:
            sides[each.left >= gutter].append(each)
    yield from _sides(sides, right_to_left)


def _sides(sides: tuple[list[Fragment], list[Fragment]], right_to_left: bool) -> Iterator[Fragment]:
    for side in reversed(sides) if right_to_left else sides:
        if side:
            yield from _cut(side, right_to_left)


def _gutter(fragments: Sequence[Fragment]) -> float | None:
    """Return where a gutter between two columns of prose is, if there is one."""
    edges = sorted(
        [(each.left, 1) for each in fragments] + [(each.right, -1) for each in fragments]
    )
    size = median(each.size for each in fragments)
    gutters: list[tuple[int, float, float]] = []
    covered = 0
    for (at, step), (after, _) in pairwise(edges):
        covered += step
        if after - at > _GUTTER * size and covered <= _MOST_CROSSING * len(fragments):
            gutters.append((covered, at - after, (at + after) / 2))
    # The one that the fewest lines cross, the widest of those.
    ranked = sorted(gutters)[:_MOST_GUTTERS]
    return next((middle for *_, middle in ranked if _divides(fragments, middle)), None)


def _divides(fragments: Sequence[Fragment], gutter: float) -> bool:
    """Whether there are lines of prose on both sides, beside each other."""
    left = [each for each in fragments if each.right <= gutter]
    right = [each for each in fragments if each.left >= gutter]
    if min(len(left), len(right)) < _FEWEST_LINES:
        return False
    top = min(max(each.top for each in side) for side in (left, right))
    bottom = max(min(each.bottom for each in side) for side in (left, right))
    return top > bottom and all(
        median((each.right - each.left) / max(each.size, 1.0) for each in side) >= _PROSE_WIDTH
        for side in (left, right)
    )


def _by_rows(fragments: Sequence[Fragment], right_to_left: bool) -> Iterator[Fragment]:
    row: list[Fragment] = []
    for each in sorted(fragments, key=lambda each: -(each.top + each.bottom)):
        if row and not row[0].beside(each):
            yield from sorted(row, key=lambda each: each.left, reverse=right_to_left)
            row = []
        row.append(each)
    yield from sorted(row, key=lambda each: each.left, reverse=right_to_left)


def _right_to_left(fragments: Sequence[Fragment]) -> bool:
    sample = "".join(each.text[:20] for each in fragments[:100])
    directions = [unicodedata.bidirectional(each) for each in sample]
    return sum(each in ("R", "AL") for each in directions) > directions.count("L")
