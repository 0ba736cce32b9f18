"""Order in which the shapes of a slide are read: by where they are, not by when they were drawn."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pptx.oxml.ns import qn

# Boxes overlap a little where their texts do not.
_TOLERANCE = 0.15
# Gaps that are nearly as wide as the widest one separate, too.
_SIMILAR = 0.5
_MOST_SHAPES = 1_000
# Where the kinds of shapes have their own place; it begins with the offset and the extent.
_PROPERTIES = (qn("p:spPr"), qn("p:grpSpPr"))
_PLACE, _FRAME_PLACE = qn("a:xfrm"), qn("p:xfrm")
_PLACEHOLDER = f"{qn('p:nvPr')}/{qn('p:ph')}"
_RIGHT_TO_LEFT = re.compile("[\u05d0-\u05f2\u0620-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")


@dataclass(frozen=True, slots=True)
class PlacedText:
    """The lines of a shape and its box; ``box`` is left, top, right, bottom, None if unknown."""

    lines: tuple[str, ...]
    box: tuple[int, int, int, int] | None


Box = tuple[int, int, int, int]


def box_of(shape: Any, inherited: dict[str, Box | None]) -> Box | None:
    """Return the box of a shape of python-pptx, its own or that of its layout.

    ``inherited`` keeps the boxes of one layout's placeholders, which are slow to find.
    """
    own = shape._element.find(_FRAME_PLACE)
    if own is None:
        properties = next(shape._element.iterchildren(*_PROPERTIES), None)
        own = None if properties is None else properties.find(_PLACE)
    if own is not None and len(own) > 1:
        offset, extent = own[0], own[1]
        return _box(offset.get("x"), offset.get("y"), extent.get("cx"), extent.get("cy"))
    placeholder = shape._element[0].find(_PLACEHOLDER)
    if placeholder is None:
        return None
    name = f"{placeholder.get('type')} {placeholder.get('idx')}"
    if name not in inherited:
        inherited[name] = _box(shape.left, shape.top, shape.width, shape.height)
    return inherited[name]


def _box(left: Any, top: Any, width: Any, height: Any) -> Box | None:
    if None in (left, top, width, height):
        return None
    return int(left), int(top), int(left) + int(width), int(top) + int(height)


def lines_in_order(texts: Iterable[PlacedText]) -> list[str]:
    """Return the lines: those without a place first, then block by block.

    The slide is cut along the widest gap between its texts, across or down, and so are the parts
    (XY cut; Nagy and Seth 1984). Columns of right-to-left texts begin at the right.
    """
    texts = list(texts)
    placed = [each for each in texts if each.box is not None]
    others = [line for each in texts if each.box is None for line in each.lines]
    backwards = _is_right_to_left("".join(line for each in placed for line in each.lines))
    ordered = _ordered(placed[:_MOST_SHAPES], backwards) + placed[_MOST_SHAPES:]
    return others + [line for each in ordered for line in each.lines]


def _ordered(texts: Sequence[PlacedText], backwards: bool) -> list[PlacedText]:
    if len(texts) < 2:
        return list(texts)
    across, down = _parts(texts, 0), _parts(texts, 1)
    if across is None and down is None:
        return sorted(texts, key=_corner)
    if down is not None and (across is None or down[0] >= across[0]):
        parts = down[1]
    else:
        assert across is not None
        parts = across[1][::-1] if backwards else across[1]
    return [text for part in parts for text in _ordered(part, backwards)]


def _parts(texts: Sequence[PlacedText], axis: int) -> tuple[float, list[list[PlacedText]]] | None:
    """Return the widest gap on an axis and the texts between the wide ones; None without gaps."""
    spans = sorted(((_span(each, axis), each) for each in texts), key=lambda each: each[0])
    gaps: list[tuple[float, int]] = []
    (_, end, full_end), _ = spans[0]
    for index, ((begin, following_end, following_full), text) in enumerate(spans[1:], start=1):
        assert text.box is not None
        if begin >= end:
            gaps.append((text.box[axis] - full_end, index))
        end, full_end = max(end, following_end), max(full_end, following_full)
    if not gaps:
        return None
    widest = max(gap for gap, _ in gaps)
    cuts = [index for gap, index in gaps if gap >= min(widest, widest * _SIMILAR)]
    ordered = [each for _, each in spans]
    bounds = zip([0, *cuts], [*cuts, len(ordered)], strict=True)
    return widest, [ordered[begin:end] for begin, end in bounds]


def _span(text: PlacedText, axis: int) -> tuple[float, float, float]:
    """Return the begin and the end of a box without its margins, and its full end."""
    assert text.box is not None
    begin, end = text.box[axis], text.box[axis + 2]
    margin = (end - begin) * _TOLERANCE
    return begin + margin, end - margin, end


def _corner(text: PlacedText) -> tuple[int, int]:
    assert text.box is not None
    return text.box[1], text.box[0]


def _is_right_to_left(text: str) -> bool:
    turned = len(_RIGHT_TO_LEFT.findall(text))
    return turned > 0 and turned * 2 > sum(map(str.isalpha, text))
