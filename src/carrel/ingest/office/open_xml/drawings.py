"""Words of charts, diagrams and pictures in DrawingML (ECMA-376, part 1, 20 and 21)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from carrel.ingest.office.number_format import shown_number
from carrel.ingest.text.cleaning import one_line

_CHART = "http://schemas.openxmlformats.org/drawingml/2006/chart"
_MAIN = "http://schemas.openxmlformats.org/drawingml/2006/main"
_DIAGRAM = "http://schemas.openxmlformats.org/drawingml/2006/diagram"
_RELATIONSHIPS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
# Charts since Office 2016, such as waterfalls.
_NEW_CHART = "http://schemas.microsoft.com/office/drawing/2014/chartex"

CHART_REFERENCES = frozenset((f"{{{_CHART}}}chart", f"{{{_NEW_CHART}}}chart"))
DIAGRAM_REFERENCE = f"{{{_DIAGRAM}}}relIds"

PICTURE_REFERENCES = (f"{{{_MAIN}}}blip", "{urn:schemas-microsoft-com:vml}imagedata")
"""Elements that show a picture of the package."""

_PARAGRAPH, _TEXT = f"{{{_MAIN}}}p", f"{{{_MAIN}}}t"
_BREAKS = frozenset((f"{{{_MAIN}}}br", f"{{{_MAIN}}}tab"))
_CATEGORIES, _VALUES = ("cat", "xVal"), ("val", "yVal")
_FILE_NAME = re.compile(r"\S+\.(?:png|jpe?g|gif|bmp|tiff?|[ew]mf|svg|webp)", re.IGNORECASE)
_MOST_POINTS = 10_000
_MOST_SERIES = 255


def reference_id(element: Any) -> str:
    """Return the relationship of a chart or a diagram in a drawing; empty if it has none."""
    name = "dm" if element.tag == DIAGRAM_REFERENCE else "id"
    return str(element.get(f"{{{_RELATIONSHIPS}}}{name}", ""))


def picture_id(element: Any) -> str:
    """Return the relationship of a picture that is embedded; empty for one that is not."""
    names = ("embed", "id")
    return next(filter(None, (element.get(f"{{{_RELATIONSHIPS}}}{each}") for each in names)), "")


def drawing_lines(root: Any) -> Iterator[str]:
    """Yield the lines of the root of a chart's or a diagram's part."""
    if root.tag == f"{{{_CHART}}}chartSpace":
        yield from _chart_lines(root)
    else:
        # Diagrams, new charts, and drawings over charts: the paragraphs, in their order.
        yield from paragraph_lines(root)
        yield from _new_chart_points(root)


def paragraph_lines(root: Any) -> Iterator[str]:
    """Yield the paragraphs of DrawingML that have text."""
    for paragraph in root.iter(_PARAGRAPH):
        if text := one_line(drawn_text(paragraph)):
            yield text


def drawn_text(paragraph: Any) -> str:
    """Return the text of one paragraph of DrawingML."""
    parts = []
    for element in paragraph.iter():
        if element.tag == _TEXT:
            parts.append(element.text or "")
        elif element.tag in _BREAKS:
            parts.append("\n")
    return "".join(parts)


def alternative_text(properties: Any) -> str:
    """Return what the properties of a drawing say that it shows: ``descr``, else ``title``.

    Programs write the name of the picture's file there, which describes nothing.
    """
    text = one_line(properties.get("descr") or properties.get("title") or "")
    return "" if _FILE_NAME.fullmatch(text) else text


def _chart_lines(root: Any) -> Iterator[str]:
    for title in root.iter(f"{{{_CHART}}}title"):
        if text := " ".join(paragraph_lines(title)) or _first_value(title):
            yield text
    for number, series in enumerate(root.iter(f"{{{_CHART}}}ser")):
        if number == _MOST_SERIES:
            return
        yield from _series_lines(series)
    # Text boxes that are drawn on it, and labels that were written by hand.
    for element in root.iter(f"{{{_CHART}}}dLbl"):
        yield from paragraph_lines(element)


def _series_lines(series: Any) -> Iterator[str]:
    name = series.find(f"{{{_CHART}}}tx")
    label = "" if name is None else _first_value(name)
    categories, values = _points(series, _CATEGORIES), _points(series, _VALUES)
    sizes = _points(series, ("bubbleSize",))
    shown = []
    for index in sorted({*categories, *values})[:_MOST_POINTS]:
        pair = [part for part in (categories.get(index), values.get(index)) if part]
        size = [f"({sizes[index]})"] if index in sizes else []
        shown.append(" ".join((*pair, *size)))
    text = "; ".join(shown)
    if label or text:
        yield ": ".join(part for part in (label, text) if part)


def _first_value(element: Any) -> str:
    return one_line(" ".join(each.text or "" for each in element.iter(f"{{{_CHART}}}v")))


def _points(series: Any, names: tuple[str, ...]) -> dict[int, str]:
    """Return the cached values of a series by their index; levels of categories are joined."""
    found: dict[int, str] = {}
    for name in names:
        for holder in series.iterchildren(f"{{{_CHART}}}{name}"):
            code = holder.findtext(f".//{{{_CHART}}}formatCode") or ""
            for point in holder.iter(f"{{{_CHART}}}pt"):
                index_text = point.get("idx", "")
                if not index_text.isdecimal():
                    continue
                text, index = _point_text(point, code), int(index_text)
                found[index] = f"{text} {found[index]}" if index in found else text
    return found


def _point_text(point: Any, code: str) -> str:
    text = one_line(point.findtext(f"{{{_CHART}}}v") or "")
    try:
        number = float(text)
    except ValueError:
        return text
    return shown_number(int(number) if number.is_integer() else number, code)


def _new_chart_points(root: Any) -> Iterator[str]:
    points = [one_line(each.text or "") for each in root.iter(f"{{{_NEW_CHART}}}pt")]
    if points:
        yield "; ".join(points[:_MOST_POINTS])
