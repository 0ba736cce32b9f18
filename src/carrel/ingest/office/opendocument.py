"""The package of ODT, ODS and ODP files, and text of paragraphs."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

from lxml import etree

from carrel.core.errors import EncryptedDocument
from carrel.ingest.archives.package import require_sound_package
from carrel.ingest.office.opendocument_parts import OBJECT, fill_object, margin_lines
from carrel.ingest.tables.grid import GridCell, SpanExpander, TableRow
from carrel.ingest.tables.rows import row_lines
from carrel.ingest.text.blocks import Block
from carrel.ingest.text.cleaning import clean_text, one_line
from carrel.ingest.text.raised import lowered, plain_scripts, raised

_CONTENT, _MANIFEST = "content.xml", "META-INF/manifest.xml"
_NAMESPACES = {
    "manifest": "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0",
    "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
    "style": "urn:oasis:names:tc:opendocument:xmlns:style:1.0",
    "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
    "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
    "draw": "urn:oasis:names:tc:opendocument:xmlns:drawing:1.0",
    "presentation": "urn:oasis:names:tc:opendocument:xmlns:presentation:1.0",
    "svg": "urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0",
    "dc": "http://purl.org/dc/elements/1.1/",
}
# More spaces in a row than this are layout, or an attack: their number is an attribute.
_MOST_SPACES = 100


def qualified(name: str) -> str:
    """Return a name such as ``text:p`` as lxml writes it."""
    prefix, _, local = name.partition(":")
    return f"{{{_NAMESPACES[prefix]}}}{local}"


PARAGRAPH, HEADING = qualified("text:p"), qualified("text:h")
TABLE, ROW = qualified("table:table"), qualified("table:table-row")
CELL, COVERED_CELL = qualified("table:table-cell"), qualified("table:covered-table-cell")
EQUAL_ROWS = qualified("table:number-rows-repeated")
EQUAL_CELLS = qualified("table:number-columns-repeated")
STYLE, STYLE_NAME = qualified("style:style"), qualified("style:name")
_SPANNED_COLUMNS = qualified("table:number-columns-spanned")
_SPANNED_ROWS = qualified("table:number-rows-spanned")
_HEADER_ROWS = qualified("table:table-header-rows")
# A table of a text or slide has no more equal cells or rows.
_MOST_EQUAL = 1_000
_SPAN, _SPAN_STYLE = qualified("text:span"), qualified("text:style-name")
_TEXT_PROPERTIES = qualified("style:text-properties")
_TEXT_POSITION = qualified("style:text-position")
_NOTE, _NOTE_BODY = qualified("text:note"), qualified("text:note-body")
_TEXT_BOX = qualified("draw:text-box")
_SPACE, _SPACE_COUNT = qualified("text:s"), qualified("text:c")
_CHARACTERS = {qualified("text:tab"): "\t", qualified("text:line-break"): "\n"}
ANNOTATION = qualified("office:annotation")
_CREATOR = qualified("dc:creator")
_DRAWN_TITLE, _DRAWN_TEXT = qualified("svg:title"), qualified("svg:desc")
_RUBY_TEXT = qualified("text:ruby-text")
# Deleted text, text repeated elsewhere, and elements without text.
_LEFT_OUT = frozenset(
    qualified(name)
    for name in (
        "text:tracked-changes",
        "text:table-of-content",
        "text:note-citation",
        "office:forms",
        "office:binary-data",
        "office:event-listeners",
    )
)


def content_events(path: Path) -> Generator[tuple[str, Any]]:
    """Yield ``start`` and ``end`` with each element of the content, while it is being parsed.

    Call ``forget`` with a processed element, so that memory stays small.

    Raises:
        EncryptedDocument: the content is password-protected.
        UnreadableDocument: it would unpack to an absurd size.
        Exception: whatever ``zipfile`` and ``lxml`` raise on damage.
    """
    require_sound_package(path)
    with zipfile.ZipFile(path) as archive:
        if _is_encrypted(archive):
            raise EncryptedDocument(
                "it is password protected: save a copy without the password and add that"
            )
        with archive.open(_CONTENT) as stream:
            for event, element in etree.iterparse(
                stream,
                events=("start", "end"),
                resolve_entities=False,
                no_network=True,
                remove_comments=True,
                remove_pis=True,
            ):
                if event == "end" and element.tag == OBJECT:
                    fill_object(archive, element)
                yield event, element


def page_margins(path: Path) -> list[str]:
    """Return the headers and footers of a document, a line each."""
    with zipfile.ZipFile(path) as archive:
        return list(margin_lines(archive))


def forget(element: Any) -> None:
    """Free a processed element, and those before it in the same parent."""
    element.clear(keep_tail=False)
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


class ScriptStyles:
    """The names of the styles that raise or lower text."""

    def __init__(self) -> None:
        self._scripts: dict[str, Callable[[str], str]] = {}

    def take(self, style: Any) -> None:
        """Record a style; its position is ``super``, ``sub`` or a percentage (ODF 20.384)."""
        properties = style.find(_TEXT_PROPERTIES)
        position = "" if properties is None else properties.get(_TEXT_POSITION, "")
        shift = position.split(" ")[0].rstrip("%")
        if shift in ("super", "sub"):
            self._scripts[style.get(STYLE_NAME)] = raised if shift == "super" else lowered
        elif shift.lstrip("-").strip("0."):
            self._scripts[style.get(STYLE_NAME)] = lowered if shift[0] == "-" else raised

    def marked(self, span: Any, text: str) -> str:
        """Return the text of a span, marked if its style raises or lowers it."""
        name = span.get(_SPAN_STYLE, "")
        script = self._scripts.get(name) or _USUAL_SCRIPTS.get(name.casefold())
        return script(text) if script and text.strip() else text


# Styles of the program, which are in another part of the package.
_USUAL_SCRIPTS = {"superscript": raised, "sup": raised, "subscript": lowered, "sub": lowered}
_NO_STYLES = ScriptStyles()


def blocks(
    element: Any,
    titles: frozenset[str] = frozenset(),
    scripts: ScriptStyles = _NO_STYLES,
    comments: bool = True,
) -> Iterator[Block]:
    """Yield the content of an element: paragraphs, headings, and the rows of tables.

    Text boxes, notes, comments and alternative texts follow their paragraph. ``titles`` are the
    names of the paragraph styles that make a heading, besides the headings of the format itself.
    """
    if element.tag in (PARAGRAPH, HEADING):
        asides: list[Any] = []
        text = plain_scripts(clean_text(_inline_text(element, asides, scripts))).strip()
        if element.tag == HEADING or element.get(qualified("text:style-name")) in titles:
            yield Block(one_line(text), heading=True)
        else:
            yield Block(text)
        for aside in asides:
            for child in aside:
                yield from blocks(child, titles, scripts, comments)
    elif element.tag == TABLE:
        yield Block("\n".join(row_lines(_table_rows(element, scripts))))
        # In its row, a comment would be a value.
        for comment in element.iterdescendants(ANNOTATION) if comments else ():
            yield Block(comment_text(comment))
    elif element.tag == ANNOTATION:
        yield Block(comment_text(element) if comments else "")
    elif element.tag in (_DRAWN_TEXT, _DRAWN_TITLE):
        yield Block(_alternative_text(element))
    elif isinstance(element.tag, str) and element.tag not in _LEFT_OUT:
        for child in element:
            yield from blocks(child, titles, scripts, comments)


def line_of(element: Any, scripts: ScriptStyles = _NO_STYLES) -> str:
    """Return the whole content of an element without comments, on one line."""
    found = blocks(element, scripts=scripts, comments=False)
    return one_line("\n".join(block.text for block in found))


def comment_text(comment: Any, place: str = "") -> str:
    """Return a comment with its author, on one line; ``place`` is the cell that it is on."""
    author = one_line(comment.findtext(_CREATOR) or "")
    children = comment.iterchildren(PARAGRAPH, qualified("text:list"))
    text = one_line("\n".join(line_of(each) for each in children))
    name = f"Comment on {place}" if place else "Comment"
    return f"{name} ({author}): {text}" if author else f"{name}: {text}"


def _alternative_text(element: Any) -> str:
    """Return what a drawing shows; its title only if it has no description."""
    is_title = element.tag == _DRAWN_TITLE
    described = element.getparent().findtext(_DRAWN_TEXT) if is_title else None
    text = "" if described else one_line(element.text or "")
    return f"Image: {text}" if text else ""


def _is_encrypted(archive: zipfile.ZipFile) -> bool:
    if _MANIFEST not in archive.namelist():
        return False
    with archive.open(_MANIFEST) as stream:
        marks = etree.iterparse(
            stream,
            events=("end",),
            tag=qualified("manifest:encryption-data"),
            resolve_entities=False,
            no_network=True,
        )
        return next(iter(marks), None) is not None


def _inline_text(parent: Any, asides: list[Any], scripts: ScriptStyles) -> str:
    """Return the text of a paragraph; nested paragraphs are collected separately."""
    parts = [parent.text or ""]
    for child in parent:
        if child.tag in _CHARACTERS:
            parts.append(_CHARACTERS[child.tag])
        elif child.tag == _SPACE:
            parts.append(" " * min(repetitions(child, _SPACE_COUNT), _MOST_SPACES))
        elif child.tag == _RUBY_TEXT:
            reading = one_line("".join(child.itertext()))
            parts.append(f"({reading})" if reading else "")
        elif child.tag in (ANNOTATION, _DRAWN_TITLE, _DRAWN_TEXT):
            asides.append([child])
        elif child.tag == _NOTE:
            asides.extend(child.iterchildren(_NOTE_BODY))
        elif child.tag in (_TEXT_BOX, PARAGRAPH, HEADING, TABLE):
            asides.append(child if child.tag == _TEXT_BOX else [child])
        elif isinstance(child.tag, str) and child.tag not in _LEFT_OUT:
            text = _inline_text(child, asides, scripts)
            parts.append(scripts.marked(child, text) if child.tag == _SPAN else text)
        parts.append(child.tail or "")
    return "".join(parts)


def repetitions(element: Any, attribute: str) -> int:
    """Return the repeat count of an attribute: one without it."""
    return max(1, int(element.get(attribute, "1")))


def is_header_row(row: Any) -> bool:
    """Whether a row of a table is repeated at the top of each page."""
    return bool(next(row.iterancestors(_HEADER_ROWS, TABLE)).tag == _HEADER_ROWS)


def grid_cell(cell: Any, text: str) -> GridCell:
    """Return a cell with its spans."""
    if cell.tag == COVERED_CELL:
        return GridCell(covered=True)
    if cell.get(_SPANNED_COLUMNS) is None and cell.get(_SPANNED_ROWS) is None:
        return GridCell(text)
    return GridCell(text, repetitions(cell, _SPANNED_COLUMNS), repetitions(cell, _SPANNED_ROWS))


def _table_rows(table: Any, scripts: ScriptStyles) -> Iterator[TableRow]:
    spans = SpanExpander()
    for row in table.iterdescendants(ROW):
        # The rows of a table inside a cell are read with the cell.
        if next(row.iterancestors(TABLE)) is not table:
            continue
        cells: list[GridCell] = []
        for cell in row.iterchildren(CELL, COVERED_CELL):
            copies = min(repetitions(cell, EQUAL_CELLS), _MOST_EQUAL)
            text = line_of(cell, scripts) if cell.tag == CELL else ""
            cells += [grid_cell(cell, text)] * copies
        for _ in range(min(repetitions(row, EQUAL_ROWS), _MOST_EQUAL)):
            yield spans.row(cells, is_header_row(row))
