"""The package of ODT, ODS and ODP files, and text of paragraphs."""

from __future__ import annotations

import zipfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

from lxml import etree

from carrel.core.errors import EncryptedDocument
from carrel.ingest.archives.package import require_sound_package
from carrel.ingest.office.opendocument_parts import OBJECT, fill_object, margin_lines
from carrel.ingest.text.blocks import Block
from carrel.ingest.text.cleaning import clean_text, one_line

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
CELL = qualified("table:table-cell")
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


def blocks(
    element: Any, titles: frozenset[str] = frozenset(), comments: bool = True
) -> Iterator[Block]:
    """Yield the content of an element: paragraphs, headings, table rows as ``cell | cell``.

    Text boxes, notes, comments and alternative texts follow their paragraph. ``titles`` are the
    names of the paragraph styles that make a heading, besides the headings of the format itself.
    """
    if element.tag in (PARAGRAPH, HEADING):
        asides: list[Any] = []
        text = clean_text(_inline_text(element, asides)).strip()
        if element.tag == HEADING or element.get(qualified("text:style-name")) in titles:
            yield Block(one_line(text), heading=True)
        else:
            yield Block(text)
        for aside in asides:
            for child in aside:
                yield from blocks(child, titles, comments)
    elif element.tag == TABLE:
        yield Block("\n".join(_table_lines(element)))
        # In its row, a comment would be a value.
        for comment in element.iterdescendants(ANNOTATION) if comments else ():
            yield Block(comment_text(comment))
    elif element.tag == ANNOTATION:
        yield Block(comment_text(element) if comments else "")
    elif element.tag in (_DRAWN_TEXT, _DRAWN_TITLE):
        yield Block(_alternative_text(element))
    elif isinstance(element.tag, str) and element.tag not in _LEFT_OUT:
        for child in element:
            yield from blocks(child, titles, comments)


def line_of(element: Any) -> str:
    """Return the whole content of an element without comments, on one line."""
    return one_line("\n".join(block.text for block in blocks(element, comments=False)))


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


def _inline_text(parent: Any, asides: list[Any]) -> str:
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
            parts.append(_inline_text(child, asides))
        parts.append(child.tail or "")
    return "".join(parts)


def repetitions(element: Any, attribute: str) -> int:
    """Return the repeat count of an attribute: one without it."""
    return max(1, int(element.get(attribute, "1")))


def _table_lines(table: Any) -> Iterator[str]:
    for row in table.iterdescendants(ROW):
        # The rows of a table inside a cell are read with the cell.
        if next(row.iterancestors(TABLE)) is table:
            cells = [line_of(cell) for cell in row.iterchildren(CELL)]
            yield " | ".join(cell for cell in cells if cell)
