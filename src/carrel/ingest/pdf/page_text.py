"""Text of one PDF page in reading order, from its text layer, form fields and notes."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from enum import StrEnum

import pypdfium2

from carrel.ingest.pdf.blank_glyphs import give_outline
from carrel.ingest.pdf.form_fields import field_values, with_values
from carrel.ingest.pdf.fragments import fragments_of
from carrel.ingest.pdf.letter_statistics import is_noise
from carrel.ingest.pdf.notes import notes_of
from carrel.ingest.pdf.pictures import PagePicture, pictures_on, with_marks, without_marks
from carrel.ingest.pdf.raised_digits import plain_raised, with_raised
from carrel.ingest.pdf.reading_order import in_reading_order, text_of
from carrel.ingest.pdf.scan import is_scan
from carrel.ingest.pdf.tables.page_tables import PageTable
from carrel.ingest.pdf.tables.ruled_text import ruled_text
from carrel.ingest.pdf.text_layer import characters_of, printable
from carrel.ingest.pdf.upright import turn_sideways, turn_upright


class PageKind(StrEnum):
    """What the text layer of a page is worth."""

    TEXT = "text"
    SCAN = "scan"
    NOISE = "noise"


@dataclass(frozen=True, slots=True)
class PageText:
    """The text of a page as printed, and the notes on it.

    Of a scan, the text is almost empty; noise is not what the page shows. ``in_margin`` is how many
    lines are in the upper margin. ``table`` is the one that the next page may continue. The text
    has the marks of ``pictures`` that may hold text of their own.
    """

    text: str
    kind: PageKind
    notes: str = ""
    in_margin: int = 0
    table: PageTable | None = None
    pictures: tuple[PagePicture, ...] = ()


def text_of_page(page: pypdfium2.PdfPage, before: PageTable | None = None) -> PageText:
    """Return the text of a page. Callers hold the lock of pdfium, and load the page for this only.

    ``before`` is the last table of the page before. The page is changed: it is turned upright, and
    glyphs without outline are given one.
    """
    notes = "\n".join(notes_of(page))
    turn_upright(page)
    give_outline(page)
    with closing(page.get_textpage()) as text_page:
        characters = characters_of(text_page)
        if not turn_sideways(page, text_page, characters):
            return replace(_page_text(page, text_page, characters, before), notes=notes)
    with closing(page.get_textpage()) as text_page:
        characters = characters_of(text_page)
        return replace(_page_text(page, text_page, characters, before), notes=notes)


def _page_text(
    page: pypdfium2.PdfPage,
    text_page: pypdfium2.PdfTextPage,
    characters: str,
    before: PageTable | None,
) -> PageText:
    if is_noise(text_page, characters):
        return PageText(characters, PageKind.NOISE)
    characters = with_raised(text_page, characters)
    values = field_values(page)
    ruled = ruled_text(page, text_page, characters, values, before)
    pictures = pictures_on(page, text_page)
    if ruled is not None:
        text, in_margin = "\n".join([ruled.text, *(each.mark for each in pictures)]), 0
    else:
        fragments = list(fragments_of(text_page, characters))
        head, body = in_reading_order(with_values(fragments, values), page.get_bbox())
        in_margin = len(text_of(head).splitlines())
        text = plain_raised(text_of([*head, *with_marks(body, pictures)]))
    text = printable(text)
    if is_scan(page, without_marks(text)):
        return PageText(without_marks(text), PageKind.SCAN, in_margin=in_margin)
    table = ruled.last if ruled else None
    return PageText(text, PageKind.TEXT, "", in_margin, table, tuple(pictures))
