"""Reader of HTML with lxml."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

from lxml import etree

from carrel.core.documents import Section
from carrel.core.errors import UnreadableDocument
from carrel.ingest.failures import checked_sections
from carrel.ingest.tables.grid import GridCell, SpanExpander, TableRow
from carrel.ingest.tables.rows import row_lines
from carrel.ingest.text.blocks import Block, heading_line, sections_by_heading
from carrel.ingest.text.cleaning import clean_text, one_line
from carrel.ingest.text.encoding import codec_named, decode
from carrel.ingest.text.raised import LEVEL, LOWERED, RAISED, plain_scripts
from carrel.ingest.web.shown_text import REPLACED, ListNumbers, shown_text

_LEFT_OUT = frozenset(("head", "script", "style", "noscript", "template")).union(
    ("iframe", "object", "canvas", "datalist")
)
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_BLOCKS = _HEADINGS.union(
    ("address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details"),
    ("dialog", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "header"),
    ("hr", "html", "legend", "li", "main", "ol", "p", "pre", "section", "summary", "table"),
    ("tbody", "tfoot", "thead", "tr", "ul"),
)
_CELLS = frozenset(("td", "th"))
_SCRIPTS = {"sup": RAISED, "sub": LOWERED}
# The limits of the standard (HTML, 4.9.12).
_MOST_COLUMNS, _MOST_ROWS = 1_000, 65_534
# Those of a control are seen, whatever is said instead to those who do not see them. Other elements
# that are hidden so are pictures, or a formula a second time.
_SHOWN_LABELS = frozenset(("label", "button", "summary"))
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_DECLARATION = re.compile(
    rb"""<(?:meta|\?xml)[^>]{0,300}?(?:charset|encoding)\s*=\s*["']?([\w.:-]+)""", re.IGNORECASE
)
_DECLARATION_BYTES = 4096
# The heading of the section of all menus; many languages have the word.
_MENUS = "Navigation"
_WHITE_SPACE = re.compile(r"\s+")
_LEADING_NUMBER = re.compile(r"\s*(\d{1,6})")


class WebReader:
    """Reads HTML: each heading begins a section, tables are read row by row, with the heads
    of their columns.

    Form fields show their values, pictures their alternative texts, ordered lists their numbers.
    Menus and tables of contents are read once, behind the text. Scripts, styles and hidden elements
    are skipped. Nothing is fetched and no entity is resolved. The title is the heading of the text
    before the first heading.
    """

    @checked_sections
    def read(self, path: Path) -> Generator[Section]:
        """Yield the sections; there are no pages."""
        yield from page_sections(page_text(path.read_bytes()))


def page_text(data: bytes) -> str:
    """Return the text of a page, in its declared or detected encoding."""
    return decode(data, _declared_encoding(data))


def page_sections(text: str) -> Iterator[Section]:
    """Yield the sections of a page of HTML or XHTML, as ``WebReader`` does.

    Raises:
        UnreadableDocument: the elements are nested too deeply.
    """
    # A parser for bytes, because one for strings refuses an encoding declaration.
    parser = etree.HTMLParser(
        encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True
    )
    root = etree.fromstring(clean_text(text).encode() or b"<html/>", parser)
    # The parser stops there and would silently drop the rest.
    if any(entry.type == etree.ErrorTypes.ERR_RESOURCE_LIMIT for entry in parser.error_log):
        raise UnreadableDocument("its elements are nested too deeply, probably never closed")
    if root is None:
        return
    title = heading_line(root.findtext("head/title") or "")
    page = _PageText()
    yield from sections_by_heading(page.blocks(root), first_heading=title)
    yield from sections_by_heading(_menu_blocks(page.menus), first_heading=_MENUS)


def _menu_blocks(menus: list[Any]) -> Iterator[Block]:
    """Yield the text of menus, whose headings are none of the page.

    A menu that is written twice, for large and small screens, is read once.
    """
    seen: set[tuple[str, ...]] = set()
    for menu in menus:
        texts = tuple(block.text for block in _PageText(within=menu).blocks(menu))
        if texts not in seen:
            seen.add(texts)
            yield from map(Block, texts)


def _declared_encoding(data: bytes) -> str | None:
    """Return the codec of the page's meta element, if Python has it."""
    match = _DECLARATION.search(data[:_DECLARATION_BYTES])
    return None if match is None else codec_named(match[1].decode("ascii", errors="replace"))


class _PageText:
    """Collects the text of a page into blocks, iteratively, so that no nesting overflows."""

    def __init__(self, within: Any = None) -> None:
        self.menus: list[Any] = []
        """The elements for navigation, which are left out; not of a menu ``within`` which it is."""
        self._menu = within
        self._parts: list[str] = []
        self._preformatted = 0
        # The innermost table, if its cells contain no headings and no tables; others are layout.
        self._table: Any = None
        self._numbers = ListNumbers()
        # The number of an item, written before its first words, however nested those are.
        self._marker = ""
        self._cells: list[GridCell] = []
        self._data_cells = 0
        self._rows: list[TableRow] = []
        self._spans = SpanExpander()

    def blocks(self, root: Any) -> Iterator[Block]:
        walker = etree.iterwalk(root, events=("start", "end"))
        for event, element in walker:
            left_out = _is_left_out(element)
            if not left_out and self._menu is None and _is_navigation(element):
                left_out = True
                if event == "start":
                    self.menus.append(element)
            if event == "start":
                if left_out:
                    walker.skip_subtree()
                    continue
                yield from self._begin(element)
                if element.tag in REPLACED:
                    self._add(shown_text(element))
                    walker.skip_subtree()
                else:
                    self._add(element.text)
            else:
                if not left_out:
                    yield from self._end(element)
                if element is not self._menu:
                    self._add(element.tail)
        yield from self._flush()

    def _begin(self, element: Any) -> Iterator[Block]:
        tag = element.tag
        if tag == "br":
            self._parts.append("\n")
        elif tag in _SCRIPTS:
            self._parts.append(_SCRIPTS[tag])
        elif tag == "table" and self._table is None:
            yield from self._flush()
            if next(element.iterdescendants("table", *_HEADINGS), None) is None:
                self._table, self._spans = element, SpanExpander()
        elif self._table is not None:
            if tag in _CELLS or tag in _BLOCKS:
                self._parts.append(" ")
        elif tag in _BLOCKS or tag in _CELLS:
            yield from self._flush()
        self._preformatted += tag == "pre"
        if tag in ("ol", "li"):
            self._marker = self._numbers.begin(element)
        elif tag == "rt" and element.getparent().find("rp") is None:
            self._parts.append("(")

    def _end(self, element: Any) -> Iterator[Block]:
        tag = element.tag
        if tag in _SCRIPTS:
            self._parts.append(LEVEL)
        elif self._table is not None:
            if tag in _CELLS:
                self._end_cell(element)
            elif tag == "tr":
                # A row in the head of its table, or one that has no cells but heads.
                only_heads = len(self._cells) > 1 and not self._data_cells
                self._end_row(only_heads or element.getparent().tag == "thead")
            elif tag == "caption":
                yield Block(self._take())
            elif element is self._table:
                self._end_row()
                yield from (Block(line) for line in row_lines(self._rows))
                self._table = None
                self._rows.clear()
            elif tag in _BLOCKS:
                self._parts.append(" ")
        elif tag in _BLOCKS or tag in _CELLS:
            yield from self._flush(heading=tag in _HEADINGS)
        self._preformatted -= tag == "pre"
        self._numbers.end(element)
        if tag == "rt" and element.getparent().find("rp") is None:
            self._parts.append(")")

    def _add(self, text: str | None) -> None:
        if text:
            if self._marker and text.strip():
                self._parts.append(self._marker)
                self._marker = ""
            self._parts.append(text if self._preformatted else _WHITE_SPACE.sub(" ", text))

    def _take(self) -> str:
        """Return the text collected since the last call, on one line."""
        text = one_line(plain_scripts("".join(self._parts)))
        self._parts.clear()
        return text

    def _end_cell(self, element: Any) -> None:
        columns, rows = element.get("colspan"), element.get("rowspan")
        self._data_cells += element.tag != "th"
        if columns is None and rows is None:
            self._cells.append(GridCell(self._take()))
            return
        spanned = min(_number(columns), _MOST_COLUMNS)
        self._cells.append(GridCell(self._take(), spanned, _spanned_rows(rows)))

    def _end_row(self, header: bool = False) -> None:
        # Text between the cells is shown before the table; here it is the last cell.
        loose = self._take()
        if loose:
            self._cells.append(GridCell(loose))
        if self._cells:
            self._rows.append(self._spans.row(self._cells, header))
            self._cells.clear()
        self._data_cells = 0

    def _flush(self, heading: bool = False) -> Iterator[Block]:
        if heading:
            yield Block(self._take(), heading=True)
            return
        text = plain_scripts("".join(self._parts))
        self._parts.clear()
        if not self._preformatted:
            text = "\n".join(" ".join(line.split()) for line in text.split("\n"))
        yield Block(text.strip("\n"))


def _spanned_rows(attribute: str | None) -> int:
    """Return the rows that a cell spans; zero means all those below."""
    zero = attribute is not None and attribute.strip() == "0"
    return _MOST_ROWS if zero else min(_number(attribute), _MOST_ROWS)


def _number(attribute: str | None) -> int:
    match = _LEADING_NUMBER.match(attribute or "")
    return max(1, int(match[1])) if match else 1


def _is_left_out(element: Any) -> bool:
    return (
        element.tag in _LEFT_OUT
        or element.get("hidden") is not None
        or (element.get("aria-hidden") == "true" and element.tag not in _SHOWN_LABELS)
        or _HIDDEN_STYLE.search(element.get("style", "")) is not None
    )


def _is_navigation(element: Any) -> bool:
    return bool(element.tag == "nav" or element.get("role") == "navigation")
