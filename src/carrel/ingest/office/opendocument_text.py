"""Reader of OpenDocument texts, paragraph by paragraph."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from carrel.core.documents import Section
from carrel.ingest.archives.properties import after_properties
from carrel.ingest.failures import checked_sections
from carrel.ingest.office.opendocument import (
    STYLE,
    STYLE_NAME,
    ScriptStyles,
    blocks,
    content_events,
    forget,
    page_margins,
    qualified,
)
from carrel.ingest.text.blocks import Block, sections_by_heading

_BODY = qualified("office:text")
_SECTION = qualified("text:section")
_PARENT = qualified("style:parent-style-name")
_TITLE_NAME = re.compile(r"(?:Title|Heading_20_\d+)$")


class OpenDocumentTextReader:
    """Reads ODT: paragraphs and tables in document order, each heading begins a section.

    Tables are read row by row, with the heads of their columns. Text boxes, footnotes, endnotes,
    comments and charts follow their paragraph; headers and footers are the last section. Tracked
    deletions and the table of contents are skipped. The format has no pages.
    """

    @checked_sections
    def read(self, path: Path) -> Generator[Section]:
        """Yield the sections."""
        yield from after_properties(path, _sections(path))


def _sections(path: Path) -> Iterator[Section]:
    with closing(content_events(path)) as events:
        yield from sections_by_heading(_document_blocks(events))
    yield from sections_by_heading(map(Block, page_margins(path)))


def _document_blocks(events: Iterator[tuple[str, Any]]) -> Iterator[Block]:
    titles, scripts = {"Title"}, ScriptStyles()
    for event, element in events:
        if event == "start":
            continue
        if element.tag == STYLE:
            # Styles precede the text; the editor makes one for each change of a paragraph.
            if _TITLE_NAME.match(element.get(_PARENT, "")):
                titles.add(element.get(STYLE_NAME))
            scripts.take(element)
        elif _is_top_level(element):
            yield from blocks(element, frozenset(titles), scripts)
            forget(element)


def _is_top_level(element: Any) -> bool:
    """Whether an element is part of the text itself or of one of its sections."""
    if element.tag == _SECTION:
        return False
    parent = element.getparent()
    while parent is not None and parent.tag == _SECTION:
        parent = parent.getparent()
    return parent is not None and parent.tag == _BODY
