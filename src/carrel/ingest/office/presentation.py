"""Reader of PowerPoint presentations with python-pptx, slide by slide."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from pathlib import Path
from typing import Any

from pptx.opc.package import PartFactory
from pptx.oxml.ns import qn
from pptx.package import Package
from pptx.parts.presentation import PresentationPart
from pptx.shapes.group import GroupShape
from pptx.slide import Slide

from carrel.core.documents import Section
from carrel.ingest.archives.package import require_sound_package
from carrel.ingest.failures import checked_sections
from carrel.ingest.tables.grid import GridCell, SpanExpander, TableRow
from carrel.ingest.tables.rows import row_lines
from carrel.ingest.text.blocks import heading_line
from carrel.ingest.text.cleaning import clean_text, one_line, squeeze_blank_lines
from carrel.ingest.text.raised import lowered, plain_scripts, raised

# Content types with macros that the library does not know.
_MORE_FORMS = (
    "application/vnd.ms-powerpoint.slideshow.macroEnabled.main+xml",
    "application/vnd.ms-powerpoint.template.macroEnabled.main+xml",
)
_TEXT_PARTS = (qn("a:r"), qn("a:br"), qn("a:fld"))
PartFactory.part_type_for.update(dict.fromkeys(_MORE_FORMS, PresentationPart))


class PresentationReader:
    """Reads PPTX: one section per slide, ``page`` is its number and ``heading`` its title.

    The text contains the shapes in order, groups and tables included, and then the speaker's notes
    after the line ``Notes:``.
    """

    @checked_sections
    def read(self, path: Path) -> Generator[Section]:
        """Yield the slides that have text."""
        require_sound_package(path)
        # Shows and templates are read like presentations.
        presentation = Package.open(str(path)).presentation_part.presentation
        count = len(presentation.slides)
        for number, slide in enumerate(presentation.slides, start=1):
            text = squeeze_blank_lines("\n".join(_slide_lines(slide)))
            yield Section(text, page=number, heading=_title(slide), page_count=count)


def _title(slide: Slide) -> str | None:
    title = slide.shapes.title
    return heading_line(title.text_frame.text) if title is not None else None


def _slide_lines(slide: Slide) -> Iterator[str]:
    yield from _shape_lines(slide.shapes)
    if slide.has_notes_slide:
        frame = slide.notes_slide.notes_text_frame
        notes = clean_text(frame.text).strip() if frame is not None else ""
        if notes:
            yield f"Notes:\n{notes}"


def _shape_lines(shapes: Iterable[Any]) -> Iterator[str]:
    for shape in shapes:
        if isinstance(shape, GroupShape):
            yield from _shape_lines(shape.shapes)
        elif shape.has_text_frame:
            yield _frame_text(shape.text_frame)
        elif shape.has_table:
            yield from row_lines(_table_rows(shape.table))


def _frame_text(frame: Any) -> str:
    return plain_scripts(clean_text("\n".join(map(_paragraph_text, frame.paragraphs))))


def _paragraph_text(paragraph: Any) -> str:
    """Return the text of a paragraph with its raised and lowered runs marked (21.1.2.3.9)."""
    if not any(run.font._rPr.get("baseline") for run in paragraph.runs):
        return str(paragraph.text)
    parts = []
    for child in paragraph._p:
        properties = child.find(qn("a:rPr"))
        text = child.text if child.tag in _TEXT_PARTS else ""
        offset = "0" if properties is None else properties.get("baseline", "0")
        if text.strip() and offset.strip("0%"):
            text = lowered(text) if offset.startswith("-") else raised(text)
        parts.append(text)
    return "".join(parts)


def _table_rows(table: Any) -> Iterator[TableRow]:
    spans = SpanExpander()
    for number, row in enumerate(table.rows):
        cells = [
            GridCell(
                one_line(_frame_text(cell.text_frame)),
                cell.span_width if cell.is_merge_origin else 1,
                cell.span_height if cell.is_merge_origin else 1,
                covered=cell.is_spanned,
            )
            for cell in row.cells
        ]
        yield spans.row(cells, shown_as_header=table.first_row and number == 0)
