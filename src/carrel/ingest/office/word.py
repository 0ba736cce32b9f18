"""Reader of Word documents with python-docx."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import IO, Any

from docx.document import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.part import Part, PartFactory
from docx.oxml.ns import qn
from docx.package import Package
from docx.parts.document import DocumentPart

from carrel.core.documents import Section
from carrel.core.errors import CarrelError, UnreadableDocument
from carrel.ingest.archives.properties import after_properties
from carrel.ingest.failures import checked_sections
from carrel.ingest.images.ocr import TextRecognizer
from carrel.ingest.images.picture_texts import PictureTexts
from carrel.ingest.office.open_xml.packages import (
    ALTERNATIVES,
    RELATIONSHIPS,
    chosen_alternative,
    opened_package,
)
from carrel.ingest.office.open_xml.word_chunks import MOST_DEPTH, chunk_blocks
from carrel.ingest.office.open_xml.word_numbering import WordNumbering
from carrel.ingest.office.open_xml.word_story import (
    CHUNK,
    Story,
    aside_blocks,
    chunk_of,
    left_out,
    note_blocks,
    notes_of,
    parts_of_kind,
    root_of,
)
from carrel.ingest.office.open_xml.word_text import (
    LEFT_OUT,
    PARAGRAPH,
    TABLE,
    TEXT_BOX,
    paragraph_text,
)
from carrel.ingest.remarks import Remarks
from carrel.ingest.tables.grid import GridCell, SpanExpander, TableRow
from carrel.ingest.tables.rows import row_lines
from carrel.ingest.text.blocks import Block, sections_by_heading
from carrel.ingest.text.cleaning import clean_text, one_line
from carrel.ingest.text.raised import plain_scripts

_HEADING_NAME = re.compile(r"heading \d|title$", re.IGNORECASE)
_BODY_TEXT_LEVEL = 9

_PROPERTIES, _OUTLINE, _STYLE = qn("w:pPr"), qn("w:outlineLvl"), qn("w:pStyle")
_VALUE = qn("w:val")
_ROW, _CELL = qn("w:tr"), qn("w:tc")
# A header that is a page's number is none.
_PAGE_NUMBER = re.compile(r"[\W_]*(?:\d{1,4}[\W_]*){0,2}")
_MARGINS = (("header", "Header"), ("footer", "Footer"))
_ON = frozenset(("1", "true", "on"))
# Word itself has at most 63 columns.
_MOST_SKIPPED = _MOST_SPANNED = 100
# Documents with macros and templates, which the library would refuse.
_FORMS = (
    CONTENT_TYPE.WML_DOCUMENT_MAIN,
    "application/vnd.ms-word.document.macroEnabled.main+xml",
    "application/vnd.ms-word.template.macroEnabledTemplate.main+xml",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.template.main+xml",
)
PartFactory.part_type_for.update(dict.fromkeys(_FORMS, DocumentPart))
_part_class = PartFactory.part_class_selector


def _class_of_part(content_type: str, reltype: str) -> type[Part] | None:
    """Return the class of embedded documents, which the library would parse as its own parts."""
    if reltype == f"{RELATIONSHIPS}/aFChunk":
        return Part
    return None if _part_class is None else _part_class(content_type, reltype)


PartFactory.part_class_selector = staticmethod(_class_of_part)


class WordReader:
    """Reads DOCX, also templates and documents with macros, which are skipped.

    Paragraphs and tables are in document order, each heading begins a section.

    Tables are read row by row, with the heads of their columns. Text boxes, notes, comments,
    charts, diagrams, alternative texts of pictures and text in them follow their paragraph;
    equations are read as UnicodeMath, automatic numbers as counted. Tracked insertions are read,
    tracked deletions are not. Headers and footers are the last section, each once. The format has
    no pages.
    """

    def __init__(self, recognizer: TextRecognizer | None = None, depth: int = 0) -> None:
        """Take the OCR for pictures, and how deep the document is inside others."""
        self._recognizer = recognizer
        self._depth = depth

    @checked_sections
    def read(self, path: Path) -> Generator[Section]:
        """Yield the sections."""
        with opened_package(path) as stream:
            document = _opened(stream)
            remarks = Remarks()
            sections = remarks.carried_by(self._sections(document, remarks))
            yield from after_properties(stream, sections)

    def _sections(self, document: Document, remarks: Remarks) -> Iterator[Section]:
        part = document.part
        numbering = WordNumbering(_root_of_kind(part, RELATIONSHIP_TYPE.NUMBERING), _styles(part))
        pictures = PictureTexts(self._recognizer)
        headings, notes = _heading_styles(document), notes_of(part)
        story = Story(part, headings, numbering, remarks, pictures, notes)
        yield from sections_by_heading(self._blocks(document.element.body, story))
        for note in list(story.notes.values()):
            yield from sections_by_heading(note_blocks(note, story, self._blocks))
        yield from sections_by_heading(self._margins(story))
        remarks.add(*pictures.left_out())

    def _blocks(self, parent: Any, story: Story, in_cell: bool = False) -> Iterator[Block]:
        """Yield the children of an element, however deep content controls nest them."""
        for child in parent:
            if child.tag == PARAGRAPH:
                yield from self._paragraph(child, story, in_cell)
            elif child.tag == TABLE:
                yield Block("\n".join(row_lines(self._table_rows(child, story))))
                if not in_cell:
                    waiting, story.waiting = story.waiting, []
                    yield from aside_blocks(waiting, story, self._blocks)
            elif child.tag == CHUNK:
                yield from self._chunk(child, story)
            elif child.tag == ALTERNATIVES:
                if (chosen := chosen_alternative(child)) is not None:
                    yield from self._blocks(chosen, story, in_cell)
            elif child.tag not in LEFT_OUT and isinstance(child.tag, str):
                yield from self._blocks(child, story, in_cell)

    def _paragraph(self, paragraph: Any, story: Story, in_cell: bool) -> Iterator[Block]:
        asides: list[Any] = []
        text = plain_scripts(clean_text(paragraph_text(paragraph, asides))).strip()
        number = story.numbering.label(paragraph)
        if number and text:
            text = f"{number} {text}"
        is_heading = not in_cell and _is_heading(paragraph, story.headings)
        yield Block(one_line(text), heading=True) if is_heading and text else Block(text)
        if in_cell:
            # A note in the middle of a table would be a value of its row; a box is one.
            story.waiting += [each for each in asides if each.tag != TEXT_BOX]
            asides = [each for each in asides if each.tag == TEXT_BOX]
        if asides:
            yield from aside_blocks(asides, story, partial(self._blocks, in_cell=in_cell))

    def _table_rows(self, table: Any, story: Story) -> Iterator[TableRow]:
        spans = SpanExpander()
        for row in _outermost(table, _ROW):
            properties = row.find(qn("w:trPr"))
            cells = [GridCell()] * min(_number(properties, "w:gridBefore", 0), _MOST_SKIPPED)
            cells += [self._cell(cell, story) for cell in _outermost(row, _CELL)]
            header = None if properties is None else properties.find(qn("w:tblHeader"))
            yield spans.row(cells, header is not None and header.get(_VALUE, "1") in _ON)

    def _cell(self, cell: Any, story: Story) -> GridCell:
        """Return a cell; one of ``vMerge`` without a value continues the cell above (17.4.84)."""
        blocks = self._blocks(cell, story, in_cell=True)
        text = one_line("\n".join(block.text for block in blocks))
        properties = cell.find(qn("w:tcPr"))
        merge = None if properties is None else properties.find(qn("w:vMerge"))
        continues = merge is not None and merge.get(_VALUE, "continue") == "continue"
        columns = min(_number(properties, "w:gridSpan", 1), _MOST_SPANNED)
        return GridCell(text, columns, continues=continues)

    def _chunk(self, element: Any, story: Story) -> Iterator[Block]:
        try:
            if (part := chunk_of(element, story)) is None:
                raise UnreadableDocument("an embedded document is missing")
            if self._depth >= MOST_DEPTH:
                raise UnreadableDocument("it is nested too deeply")
            yield from chunk_blocks(part, WordReader(depth=self._depth + 1).read)
        except CarrelError as error:
            story.remarks.add(left_out(error))

    def _margins(self, story: Story) -> Iterator[Block]:
        """Yield headers and footers, the same text once."""
        seen = set()
        for name, label in _MARGINS:
            for part in parts_of_kind(story.part, f"{RELATIONSHIPS}/{name}"):
                # Pictures there are logos.
                margin = replace(story.of_part(part), pictures=PictureTexts(None))
                blocks = self._blocks(root_of(part), margin)
                text = "\n".join(block.text for block in blocks if block.text.strip())
                if text not in seen and not _PAGE_NUMBER.fullmatch(text):
                    seen.add(text)
                    yield Block(f"{label}: {text}")


def _opened(stream: IO[bytes]) -> Document:
    part = Package.open(stream).main_document_part
    if not isinstance(part, DocumentPart):
        raise UnreadableDocument("it is damaged: parts of it are missing or wrong")
    document: Document = part.document
    return document


def _root_of_kind(part: Any, kind: str) -> Any:
    found = next(parts_of_kind(part, kind), None)
    return None if found is None else root_of(found)


def _styles(part: Any) -> Any:
    return _root_of_kind(part, RELATIONSHIP_TYPE.STYLES)


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


def _is_heading(paragraph: Any, headings: frozenset[str]) -> bool:
    properties = paragraph.find(_PROPERTIES)
    if properties is None:
        return False
    level = properties.find(_OUTLINE)
    if level is not None and int(level.get(_VALUE, _BODY_TEXT_LEVEL)) < _BODY_TEXT_LEVEL:
        return True
    style = properties.find(_STYLE)
    return style is not None and style.get(_VALUE) in headings


def _number(properties: Any, name: str, default: int) -> int:
    element = None if properties is None else properties.find(qn(name))
    value = "" if element is None else element.get(_VALUE, "")
    return int(value) if value.isdecimal() else default


def _outermost(parent: Any, tag: str) -> Iterator[Any]:
    """Yield the descendants of a tag that are not within another one of that tag."""
    for child in parent:
        if child.tag == tag:
            yield child
        elif child.tag not in LEFT_OUT:
            yield from _outermost(child, tag)
