"""Content of a part of a Word document: its body, a header, a note."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import qn

from carrel.ingest.failures import as_core_error
from carrel.ingest.images.picture_texts import PictureTexts
from carrel.ingest.office.open_xml.drawings import (
    CHART_REFERENCES,
    DIAGRAM_REFERENCE,
    PICTURE_REFERENCES,
    alternative_text,
    drawing_lines,
    picture_id,
    reference_id,
)
from carrel.ingest.office.open_xml.packages import RELATIONSHIPS
from carrel.ingest.office.open_xml.word_numbering import WordNumbering
from carrel.ingest.office.open_xml.word_text import COMMENT, DRAWING, ENDNOTE, FOOTNOTE, TEXT_BOX
from carrel.ingest.remarks import Remarks
from carrel.ingest.text.blocks import Block
from carrel.ingest.text.cleaning import one_line

CHUNK = qn("w:altChunk")
_ID = qn("w:id")
_NOTES = {
    FOOTNOTE: (RELATIONSHIP_TYPE.FOOTNOTES, qn("w:footnote")),
    ENDNOTE: (RELATIONSHIP_TYPE.ENDNOTES, qn("w:endnote")),
    COMMENT: (RELATIONSHIP_TYPE.COMMENTS, qn("w:comment")),
}

ReadBlocks = Callable[[Any, "Story"], Iterator[Block]]


@dataclass
class Story:
    """What blocks of one part refer to.

    ``part`` has the relationships, ``notes`` the footnotes, endnotes and comments by reference and
    id. Inside a cell, what follows a paragraph waits in ``waiting`` for the end of the table.
    ``pictures`` recognises text in pictures.
    """

    part: Any
    headings: frozenset[str]
    numbering: WordNumbering
    remarks: Remarks
    pictures: PictureTexts
    notes: dict[tuple[str, str], Any] = field(default_factory=dict)
    waiting: list[Any] = field(default_factory=list)

    def of_part(self, part: Any) -> Story:
        """Return the story of another part of the same document."""
        return Story(part, self.headings, self.numbering, self.remarks, self.pictures, self.notes)


def notes_of(part: Any) -> dict[tuple[str, str], Any]:
    """Return the notes and comments of a document by the tag of their reference and their id."""
    found = {}
    for reference, (kind, tag) in _NOTES.items():
        for owner in parts_of_kind(part, kind):
            for note in root_of(owner).iterchildren(tag):
                # Separators above the notes have no text.
                found[reference, note.get(_ID, "")] = note
    return found


def parts_of_kind(part: Any, kind: str) -> Iterator[Any]:
    """Yield the related parts of a type."""
    for relationship in part.rels.values():
        if relationship.reltype == kind and not relationship.is_external:
            yield relationship.target_part


def root_of(part: Any) -> Any:
    """Return the root element of a part, which the library parsed or not."""
    element = getattr(part, "element", None)
    return parse_xml(part.blob) if element is None else element


def aside_blocks(asides: list[Any], story: Story, read: ReadBlocks) -> Iterator[Block]:
    """Yield what is attached to a paragraph: boxes, notes, comments, charts, pictures."""
    for aside in asides:
        if aside.tag == TEXT_BOX:
            yield from read(aside, story)
        elif aside.tag in _NOTES:
            # Taken, so that what no paragraph refers to can follow at the end.
            note = story.notes.pop((aside.tag, aside.get(_ID, "")), None)
            if note is not None:
                yield from note_blocks(note, story, read)
        elif aside.tag in CHART_REFERENCES or aside.tag == DIAGRAM_REFERENCE:
            yield from _drawing_blocks(aside, story)
        else:
            text = alternative_text(aside) if aside.tag == DRAWING else one_line(aside.get("alt"))
            yield Block(f"Image: {text}" if text else "")
            yield Block(_recognised(aside, story))


def note_blocks(note: Any, story: Story, read: ReadBlocks) -> Iterator[Block]:
    """Yield a footnote, an endnote, or a comment with its author."""
    author = one_line(note.get(qn("w:author"), ""))
    is_comment = note.tag == _NOTES[COMMENT][1]
    prefix = f"Comment ({author}): " if author else "Comment: "
    for block in read(note, story):
        if block.text.strip():
            yield Block(prefix + block.text if is_comment else block.text)
            prefix = ""


def chunk_of(element: Any, story: Story) -> Any:
    """Return the part of an embedded document; None if it is missing."""
    related: Mapping[str, Any] = story.part.related_parts
    return related.get(element.get(f"{{{RELATIONSHIPS}}}id", ""))


def left_out(error: Exception) -> str:
    """Return the remark on a part that cannot be read."""
    return f"a part of it is left out: {as_core_error(error)}"


def _recognised(aside: Any, story: Story) -> str:
    """Return the text in a picture: of the properties of a drawing, or of a shape in VML."""
    if not story.pictures.wanted:
        return ""
    drawing = aside.getparent() if aside.tag == DRAWING else aside
    for picture in drawing.iter(*PICTURE_REFERENCES):
        part = story.part.related_parts.get(picture_id(picture))
        if part is not None and (text := story.pictures.text_of(part.blob)):
            return text
    return ""


def _drawing_blocks(aside: Any, story: Story) -> Iterator[Block]:
    part = story.part.related_parts.get(reference_id(aside))
    if part is None:
        return
    try:
        lines = list(drawing_lines(root_of(part)))
    except (ValueError, SyntaxError) as error:
        story.remarks.add(left_out(error))
        return
    yield Block("\n".join(lines))
