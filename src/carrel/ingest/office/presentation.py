"""Reader of PowerPoint presentations with python-pptx, slide by slide."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from pptx.opc.package import PartFactory
from pptx.oxml import parse_xml
from pptx.oxml.ns import qn
from pptx.package import Package
from pptx.parts.presentation import PresentationPart
from pptx.presentation import Presentation
from pptx.shapes.group import GroupShape
from pptx.slide import Slide

from carrel.core.documents import Section
from carrel.ingest.archives.properties import after_properties
from carrel.ingest.failures import checked_sections
from carrel.ingest.images.ocr import TextRecognizer
from carrel.ingest.images.picture_texts import PictureTexts
from carrel.ingest.office.open_xml.drawings import (
    CHART_REFERENCES,
    DIAGRAM_REFERENCE,
    PICTURE_REFERENCES,
    alternative_text,
    drawing_lines,
    paragraph_lines,
    picture_id,
    reference_id,
)
from carrel.ingest.office.open_xml.fixed_texts import FixedTexts
from carrel.ingest.office.open_xml.packages import opened_package, resolve_alternatives
from carrel.ingest.office.open_xml.slide_order import Box, PlacedText, box_of, lines_in_order
from carrel.ingest.office.open_xml.slide_text import frame_text
from carrel.ingest.remarks import Remarks
from carrel.ingest.tables.grid import GridCell, SpanExpander, TableRow
from carrel.ingest.tables.rows import row_lines
from carrel.ingest.text.blocks import heading_line
from carrel.ingest.text.cleaning import one_line, squeeze_blank_lines

# Content types with macros that the library does not know.
_MORE_FORMS = (
    "application/vnd.ms-powerpoint.slideshow.macroEnabled.main+xml",
    "application/vnd.ms-powerpoint.template.macroEnabled.main+xml",
)
_OFF = ("0", "false", "off")
PartFactory.part_type_for.update(dict.fromkeys(_MORE_FORMS, PresentationPart))


@dataclass(frozen=True, slots=True)
class _Shown:
    """What the shapes of a slide refer to.

    ``part`` has the relationships, ``boxes`` are those of the placeholders of its layout.
    """

    part: Any
    boxes: dict[str, Box | None]
    pictures: PictureTexts


class PresentationReader:
    """Reads PPTX: one section per slide, ``page`` is its number and ``heading`` its title.

    The text contains the shapes as they are read, by their places, groups, tables, charts and
    diagrams included, then comments, and the speaker's notes after the line ``Notes:``. Pictures
    have their alternative texts, and the text in them; hidden slides are marked. What layouts and
    masters show on many slides is with the first of them, after ``On slides like this:``.
    """

    def __init__(self, recognizer: TextRecognizer | None = None) -> None:
        """Take the OCR for pictures."""
        self._recognizer = recognizer

    @checked_sections
    def read(self, path: Path) -> Generator[Section]:
        """Yield the slides that have text."""
        with opened_package(path) as stream:
            # Shows and templates are read like presentations.
            presentation = Package.open(stream).presentation_part.presentation
            remarks, pictures = Remarks(), PictureTexts(self._recognizer)
            sections = remarks.carried_by(_sections(presentation, pictures, remarks))
            yield from after_properties(stream, sections)


def _sections(
    presentation: Presentation, pictures: PictureTexts, remarks: Remarks
) -> Iterator[Section]:
    count = len(presentation.slides)
    authors = _authors(presentation.part)
    # The boxes of placeholders, by layout.
    layouts: defaultdict[str, dict[str, Box | None]] = defaultdict(dict)
    fixed = FixedTexts()
    for number, slide in enumerate(presentation.slides, start=1):
        resolve_alternatives(slide._element)
        title = slide.shapes.title
        layout = slide.slide_layout.part.partname
        shown = _Shown(slide.part, layouts[layout], pictures)
        lines = chain(_slide_lines(slide, title, authors, shown), fixed.first_seen_on(slide))
        text = squeeze_blank_lines("\n".join(lines))
        if text and slide._element.get("show") in _OFF:
            text = f"(Hidden slide)\n{text}"
        yield Section(text, page=number, heading=_heading(title), page_count=count)
    remarks.add(*pictures.left_out())


def _heading(title: Any) -> str | None:
    return heading_line(title.text_frame.text) if title is not None else None


def _slide_lines(
    slide: Slide, title: Any, authors: Mapping[str, str], shown: _Shown
) -> Iterator[str]:
    if title is not None:
        yield frame_text(title.text_frame)
    own = None if title is None else title._element
    others = [each for each in slide.shapes if each._element is not own]
    yield from _in_order(others, shown)
    yield from _comments(slide.part, authors)
    if slide.has_notes_slide:
        notes_slide = slide.notes_slide
        resolve_alternatives(notes_slide._element)
        frame = notes_slide.notes_text_frame
        notes = frame_text(frame).strip() if frame is not None else ""
        if notes:
            yield f"Notes:\n{notes}"


def _in_order(shapes: Iterable[Any], shown: _Shown) -> list[str]:
    texts = []
    for shape in shapes:
        lines = tuple(_shape_lines(shape, shown))
        if any(line.strip() for line in lines):
            texts.append(PlacedText(lines, box_of(shape, shown.boxes)))
    return lines_in_order(texts)


def _shape_lines(shape: Any, shown: _Shown) -> Iterator[str]:
    if isinstance(shape, GroupShape):
        yield from _in_order(shape.shapes, shown)
    elif shape.has_text_frame:
        text = frame_text(shape.text_frame)
        yield text
        if text.strip():
            return
    elif shape.has_table:
        yield from row_lines(_table_rows(shape.table))
    else:
        yield from _drawn_lines(shape, shown.part)
    # The properties are the first element of the first, whatever the kind of shape.
    if text := alternative_text(shape._element[0][0]):
        yield f"Image: {text}"
    yield from _recognised(shape, shown)


def _recognised(shape: Any, shown: _Shown) -> Iterator[str]:
    """Yield the text in the picture of a shape, or in the one that fills it."""
    for picture in shape._element.iter(*PICTURE_REFERENCES) if shown.pictures.wanted else ():
        key = picture_id(picture)
        if key in shown.part.rels and not shown.part.rels[key].is_external:
            yield shown.pictures.text_of(shown.part.related_part(key).blob)


def _drawn_lines(shape: Any, part: Any) -> Iterator[str]:
    """Yield the words of a chart or a diagram."""
    for element in shape._element.iter(*CHART_REFERENCES, DIAGRAM_REFERENCE):
        key = reference_id(element)
        if key in part.rels and not part.rels[key].is_external:
            yield from drawing_lines(parse_xml(part.related_part(key).blob))


def _related(part: Any, *endings: str) -> Iterator[Any]:
    """Yield the roots of the related parts whose relationship is named so, in any version."""
    for relationship in part.rels.values():
        if relationship.reltype.endswith(endings) and not relationship.is_external:
            yield parse_xml(relationship.target_part.blob)


def _authors(part: Any) -> dict[str, str]:
    """Return the names of those who commented, by id (ECMA-376, part 1, 19.4)."""
    roots = _related(part, "/commentAuthors", "/authors")
    return {each.get("id", ""): each.get("name", "") for root in roots for each in root}


def _comments(part: Any, authors: Mapping[str, str]) -> Iterator[str]:
    """Yield the comments; those of newer versions, and replies, have paragraphs of DrawingML."""
    for root in _related(part, "/comments"):
        for comment in root.iter("{*}cm", "{*}reply"):
            text = comment.findtext(qn("p:text"))
            if text is None:
                bodies = comment.iterchildren("{*}txBody")
                text = " ".join(line for body in bodies for line in paragraph_lines(body))
            author = one_line(authors.get(comment.get("authorId", ""), ""))
            if text := one_line(text):
                yield f"Comment ({author}): {text}" if author else f"Comment: {text}"


def _table_rows(table: Any) -> Iterator[TableRow]:
    spans = SpanExpander()
    for number, row in enumerate(table.rows):
        cells = [
            GridCell(
                one_line(frame_text(cell.text_frame)),
                cell.span_width if cell.is_merge_origin else 1,
                cell.span_height if cell.is_merge_origin else 1,
                covered=cell.is_spanned,
            )
            for cell in row.cells
        ]
        yield spans.row(cells, shown_as_header=table.first_row and number == 0)
