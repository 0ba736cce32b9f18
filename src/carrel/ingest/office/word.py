"""Reader of Word documents with python-docx."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

from docx.document import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.part import PartFactory
from docx.oxml import parse_xml
from docx.oxml.ns import qn
from docx.package import Package
from docx.parts.document import DocumentPart

from carrel.core.documents import Section
from carrel.core.errors import UnreadableDocument
from carrel.ingest.archives.package import require_sound_package
from carrel.ingest.failures import checked_sections
from carrel.ingest.tables.grid import GridCell, SpanExpander, TableRow
from carrel.ingest.tables.rows import row_lines
from carrel.ingest.text.blocks import Block, sections_by_heading
from carrel.ingest.text.cleaning import clean_text, one_line
from carrel.ingest.text.raised import lowered, plain_scripts, raised

_HEADING_NAME = re.compile(r"heading \d|title$", re.IGNORECASE)
_BODY_TEXT_LEVEL = 9

_PARAGRAPH, _TABLE, _ROW, _CELL = qn("w:p"), qn("w:tbl"), qn("w:tr"), qn("w:tc")
_TEXT_BOX = qn("w:txbxContent")
_TEXT, _RUN = qn("w:t"), qn("w:r")
_RUN_PROPERTIES, _ALIGN, _VALUE = qn("w:rPr"), qn("w:vertAlign"), qn("w:val")
_SCRIPTS = {"superscript": raised, "subscript": lowered}
_ON = frozenset(("1", "true", "on"))
# Word itself has at most 63 columns.
_MOST_SKIPPED = _MOST_SPANNED = 100
_SPACES = {
    qn("w:tab"): "\t",
    qn("w:br"): "\n",
    qn("w:cr"): "\n",
    qn("w:noBreakHyphen"): "-",
}
# Deleted or moved text, and alternatives of text that is included already.
# Tab stops and the like among the properties are named like characters.
_LEFT_OUT = {
    qn("w:del"),
    qn("w:moveFrom"),
    qn("w:pPr"),
    qn("w:rPr"),
    qn("w:sectPr"),
    "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback",
}
# Documents with macros and templates, which the library would refuse.
_FORMS = (
    CONTENT_TYPE.WML_DOCUMENT_MAIN,
    "application/vnd.ms-word.document.macroEnabled.main+xml",
    "application/vnd.ms-word.template.macroEnabledTemplate.main+xml",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.template.main+xml",
)
PartFactory.part_type_for.update(dict.fromkeys(_FORMS, DocumentPart))


class WordReader:
    """Reads DOCX, also templates and documents with macros, which are skipped.

    Paragraphs and tables are in document order, each heading begins a section.

    Tables are read row by row, with the heads of their columns. Text boxes, content controls and
    tracked insertions are read, tracked deletions are not. Footnotes and endnotes follow as
    separate sections. The format has no pages.
    """

    @checked_sections
    def read(self, path: Path) -> Generator[Section]:
        """Yield the sections."""
        require_sound_package(path)
        document = _opened(path)
        headings = _heading_styles(document)
        yield from sections_by_heading(_blocks(document.element.body, headings))
        for notes in _notes(document):
            yield from sections_by_heading(_blocks(notes, headings))


def _opened(path: Path) -> Document:
    part = Package.open(str(path)).main_document_part
    if not isinstance(part, DocumentPart):
        raise UnreadableDocument("it is damaged: parts of it are missing or wrong")
    document: Document = part.document
    return document


def _heading_styles(document: Document) -> frozenset[str]:
    """Return the ids of the styles that are headings or based on one."""
    headings = set()
    for style in document.styles:
        if style.type is not WD_STYLE_TYPE.PARAGRAPH:
            continue
        base: Any = style
        seen: set[str] = set()
        while base is not None and base.style_id not in seen:
            seen.add(base.style_id)
            if _HEADING_NAME.match(base.name or ""):
                headings.add(style.style_id)
                break
            base = base.base_style
    return frozenset(headings)


def _notes(document: Document) -> Iterator[Any]:
    """Yield the roots of the footnotes and of the endnotes."""
    for relationship in document.part.rels.values():
        if relationship.reltype in (RELATIONSHIP_TYPE.FOOTNOTES, RELATIONSHIP_TYPE.ENDNOTES):
            yield parse_xml(relationship.target_part.blob)


def _blocks(parent: Any, headings: frozenset[str]) -> Iterator[Block]:
    """Yield the children of an element, however deep content controls nest them."""
    for child in parent:
        if child.tag == _PARAGRAPH:
            text = plain_scripts(clean_text(_paragraph_text(child))).strip()
            if _is_heading(child, headings) and text:
                yield Block(one_line(text), heading=True)
            else:
                yield Block(text)
            for box in _outermost(child, _TEXT_BOX):
                yield from _blocks(box, headings)
        elif child.tag == _TABLE:
            yield Block("\n".join(row_lines(_table_rows(child))))
        elif child.tag not in _LEFT_OUT and isinstance(child.tag, str):
            yield from _blocks(child, headings)


def _is_heading(paragraph: Any, headings: frozenset[str]) -> bool:
    properties = paragraph.find(qn("w:pPr"))
    if properties is None:
        return False
    level = properties.find(qn("w:outlineLvl"))
    if level is not None and int(level.get(qn("w:val"), _BODY_TEXT_LEVEL)) < _BODY_TEXT_LEVEL:
        return True
    style = properties.find(qn("w:pStyle"))
    return style is not None and style.get(qn("w:val")) in headings


def _paragraph_text(parent: Any) -> str:
    parts = []
    for child in parent:
        if child.tag == _TEXT:
            parts.append(child.text or "")
        elif child.tag in _SPACES:
            parts.append(_SPACES[child.tag])
        elif child.tag == _RUN:
            parts.append(_run_text(child))
        elif child.tag not in _LEFT_OUT and child.tag != _TEXT_BOX:
            parts.append(_paragraph_text(child))
    return "".join(parts)


def _run_text(run: Any) -> str:
    text = _paragraph_text(run)
    properties = run.find(_RUN_PROPERTIES)
    align = None if properties is None else properties.find(_ALIGN)
    script = None if align is None else _SCRIPTS.get(align.get(_VALUE, ""))
    return script(text) if script and text.strip() else text


def _table_rows(table: Any) -> Iterator[TableRow]:
    spans = SpanExpander()
    for row in _outermost(table, _ROW):
        properties = row.find(qn("w:trPr"))
        cells = [GridCell()] * min(_number(properties, "w:gridBefore", 0), _MOST_SKIPPED)
        cells += map(_grid_cell, _outermost(row, _CELL))
        header = None if properties is None else properties.find(qn("w:tblHeader"))
        yield spans.row(cells, header is not None and header.get(qn("w:val"), "1") in _ON)


def _grid_cell(cell: Any) -> GridCell:
    """Return a cell; one of ``vMerge`` without a value continues the cell above (17.4.84)."""
    text = one_line("\n".join(block.text for block in _blocks(cell, frozenset())))
    properties = cell.find(qn("w:tcPr"))
    merge = None if properties is None else properties.find(qn("w:vMerge"))
    continues = merge is not None and merge.get(qn("w:val"), "continue") == "continue"
    columns = min(_number(properties, "w:gridSpan", 1), _MOST_SPANNED)
    return GridCell(text, columns, continues=continues)


def _number(properties: Any, name: str, default: int) -> int:
    element = None if properties is None else properties.find(qn(name))
    value = "" if element is None else element.get(qn("w:val"), "")
    return int(value) if value.isdecimal() else default


def _outermost(parent: Any, tag: str) -> Iterator[Any]:
    """Yield the descendants of a tag that are not within another one of that tag."""
    for child in parent:
        if child.tag == tag:
            yield child
        elif child.tag not in _LEFT_OUT:
            yield from _outermost(child, tag)
