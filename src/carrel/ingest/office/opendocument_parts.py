"""Parts of an OpenDocument package beside its content: formulas, charts, headers and footers."""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator
from typing import Any

from lxml import etree

from carrel.ingest.archives.package import part_root
from carrel.ingest.text.cleaning import one_line
from carrel.ingest.web.mathml import formula_text

MOST_PART_BYTES = 64 << 20
_STYLES = "styles.xml"
_NAMES = "urn:oasis:names:tc:opendocument:xmlns"
_TEXT, _STYLE, _CHART = (f"{{{_NAMES}:{name}:1.0}}" for name in ("text", "style", "chart"))
_TABLE, _DRAW = f"{{{_NAMES}:table:1.0}}", f"{{{_NAMES}:drawing:1.0}}"
_HREF = "{http://www.w3.org/1999/xlink}href"
_MATH = "{http://www.w3.org/1998/Math/MathML}math"
OBJECT = f"{_DRAW}object"

_MARGINS = re.compile(r"(header|footer)(?:-left|-first)?")
# Numbers of pages, names of sheets and the time of printing.
_COUNTED = frozenset(
    f"{_TEXT}{name}"
    for name in ("page-number", "page-count", "sheet-name", "file-name", "title", "date", "time")
)
_WORD = re.compile(r"\w+")
_MOST_LABEL_WORDS = 1


def fill_object(archive: zipfile.ZipFile, element: Any) -> None:
    """Write what an embedded formula or chart shows into its element, for the reader of texts.

    A formula is part of its line; the lines of a chart are paragraphs of their own. Objects that
    are missing or damaged have a picture in the document, which readers leave out, too.
    """
    place = posixpath.normpath(posixpath.join(element.get(_HREF, ""), "content.xml"))
    root = part_root(archive, place, MOST_PART_BYTES)
    formula = element.find(_MATH) if root is None else root
    if formula is not None and formula.tag == _MATH:
        text = formula_text(formula)
        for child in list(element):
            element.remove(child)
        element.text = text
    elif root is not None and next(root.iter(f"{_CHART}chart"), None) is not None:
        for line in _chart_lines(root):
            etree.SubElement(element, f"{_TEXT}p").text = line


def margin_lines(archive: zipfile.ZipFile) -> Iterator[str]:
    """Yield the headers and footers of all page styles, the same text once."""
    root = part_root(archive, _STYLES, MOST_PART_BYTES)
    seen = set()
    for page in () if root is None else root.iter(f"{_STYLE}master-page"):
        for element in page:
            kind = _MARGINS.fullmatch(etree.QName(element).localname)
            if kind is None or element.get(f"{_STYLE}display") == "false":
                continue
            is_counted = next(element.iter(*_COUNTED), None) is not None
            text = _margin_text(element)
            is_label = is_counted and len(_WORD.findall(text)) <= _MOST_LABEL_WORDS
            if text and not is_label and text not in seen:
                seen.add(text)
                yield f"{kind[1].capitalize()}: {text}"


def _margin_text(element: Any) -> str:
    paragraphs = []
    for paragraph in element.iter(f"{_TEXT}p", f"{_TEXT}h"):
        for field in paragraph.iter(*_COUNTED):
            field.text = None
        paragraphs.append("".join(paragraph.itertext()))
    return one_line("\n".join(paragraphs))


def _chart_lines(root: Any) -> Iterator[str]:
    """Yield titles, and the rows of the table that a chart has of its values."""
    for title in root.iter(f"{_CHART}title", f"{_CHART}subtitle"):
        if text := one_line("".join(title.itertext())):
            yield text
    for row in root.iter(f"{_TABLE}table-row"):
        cells = [one_line("".join(cell.itertext())) for cell in row]
        if any(cells):
            # An empty cell keeps its place among the series.
            yield " | ".join(cells).rstrip(" |")
