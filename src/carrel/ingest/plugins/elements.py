"""Elements of unstructured as sections."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from typing import Any

from lxml import etree

from carrel.core.documents import Section
from carrel.ingest.text.blocks import Block, heading_line, sections_by_heading
from carrel.ingest.text.cleaning import clean_text, one_line
from carrel.ingest.web.web import page_sections

_TITLE, _PAGE_BREAK = "Title", "PageBreak"
_SENTENCE_ENDS = (".", "!", "?", ":", ";", ",", "。", "！", "？", "：", "；", "،", "؟", "।")


def sections_of(elements: Iterable[Any]) -> Iterator[Section]:
    """Yield the sections of a document's elements, as Carrel's own readers would.

    Each heading begins one. The number of the page and, of a workbook, the name of the sheet are
    those of the elements. Rows of tables are written with the heads of their columns.
    """
    listed = [each for each in elements if each.category != _PAGE_BREAK]
    count = max((page for page in map(_page, listed) if page is not None), default=None)
    heading: str | None = None
    for (page, sheet), group in groupby(listed, key=lambda each: (_page(each), _sheet(each))):
        if sheet is not None:
            heading = sheet
        blocks = (Block(_text(each), heading=_is_heading(each)) for each in group)
        for section in sections_by_heading(blocks, first_heading=heading):
            heading = section.heading
            yield replace(section, page=page, page_count=count)


def _page(element: Any) -> int | None:
    number = getattr(element.metadata, "page_number", None)
    return number if isinstance(number, int) and number > 0 else None


def _sheet(element: Any) -> str | None:
    name = getattr(element.metadata, "page_name", None)
    return heading_line(clean_text(name)) if isinstance(name, str) else None


def _is_heading(element: Any) -> bool:
    """Whether an element is a title with a level, which a mere guess at its words has not.

    Word's short paragraphs have one, too, and the lines of a slide have that of their indentation.
    """
    if element.category != _TITLE:
        return False
    level = getattr(element.metadata, "category_depth", None)
    if "presentation" in (getattr(element.metadata, "filetype", None) or "") and level:
        return False
    return level is not None and not element.text.rstrip().endswith(_SENTENCE_ENDS)


def _text(element: Any) -> str:
    table = getattr(element.metadata, "text_as_html", None)
    rows = _rows(table) if table else ""
    return rows or clean_text(element.text)


def _rows(table: str) -> str:
    """Return the rows of a table; without the heads of columns where these are not certain.

    Of pages of HTML, unstructured drops the spans of merged cells, so that the cells beside them
    move to other columns.
    """
    root = etree.fromstring(clean_text(table), etree.HTMLParser())
    cells = [row.xpath("./td | ./th") for row in root.iter("tr")] if root is not None else []
    widths = {len(row) for row in cells if row}
    if len(widths) > 1 and not root.xpath("//@colspan | //@rowspan"):
        texts = ([one_line(" ".join(cell.itertext())) for cell in row] for row in cells)
        return "\n".join(" | ".join(row) for row in texts if any(row))
    return "\n".join(section.text for section in page_sections(table))
