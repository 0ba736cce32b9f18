"""Text of one PDF page in reading order, from its text layer, form fields and notes."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum

import pypdfium2

from carrel.ingest.pdf.blank_glyphs import give_outline
from carrel.ingest.pdf.form_fields import field_values, with_values
from carrel.ingest.pdf.fragments import fragments_of
from carrel.ingest.pdf.letter_statistics import is_noise
from carrel.ingest.pdf.notes import notes_of
from carrel.ingest.pdf.reading_order import in_reading_order, text_of
from carrel.ingest.pdf.ruled_text import ruled_text
from carrel.ingest.pdf.scan import is_scan
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
    lines are in the upper margin.
    """

    text: str
    notes: str
    kind: PageKind
    in_margin: int = 0


def text_of_page(page: pypdfium2.PdfPage) -> PageText:
    """Return the text of a page. Callers hold the lock of pdfium, and load the page for this only.

    The page is changed: it is turned upright, and glyphs without outline are given one.
    """
    notes = "\n".join(notes_of(page))
    turn_upright(page)
    give_outline(page)
    with closing(page.get_textpage()) as text_page:
        characters = characters_of(text_page)
        if not turn_sideways(page, text_page, characters):
            return _page_text(page, text_page, characters, notes)
    with closing(page.get_textpage()) as text_page:
        return _page_text(page, text_page, characters_of(text_page), notes)


def _page_text(
    page: pypdfium2.PdfPage, text_page: pypdfium2.PdfTextPage, characters: str, notes: str
) -> PageText:
    if is_noise(text_page, characters):
        return PageText(characters, notes, PageKind.NOISE)
    values = field_values(page)
    in_margin = 0
    text = ruled_text(page, text_page, characters, values)
    if text is None:
        fragments = list(fragments_of(text_page, characters))
        head, body = in_reading_order(with_values(fragments, values), page.get_bbox())
        in_margin = len(text_of(head).splitlines())
        text = text_of([*head, *body])
    text = printable(text)
    kind = PageKind.SCAN if is_scan(page, text) else PageKind.TEXT
    return PageText(text, notes, kind, in_margin)
