"""Notes on a PDF page: the texts of its annotations."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

from carrel.ingest.pdf.form_fields import string_of
from carrel.ingest.text.cleaning import one_line, squeeze_blank_lines

MOST_NOTES = 5_000
# What has a text of its own, or repeats that of another annotation.
_WITHOUT_NOTE = frozenset(
    (pdfium.FPDF_ANNOT_WIDGET, pdfium.FPDF_ANNOT_LINK, pdfium.FPDF_ANNOT_POPUP)
)


def notes_of(page: pypdfium2.PdfPage) -> list[str]:
    """Return the notes in the order of the file, each with its author.

    Free text is printed on the page and has no author before it. Hidden notes are left out (ISO
    32000-1, 12.5).
    """
    count = min(pdfium.FPDFPage_GetAnnotCount(page.raw), MOST_NOTES)
    notes: list[str] = []
    for index in range(count):
        annotation = pdfium.FPDFPage_GetAnnot(page.raw, index)
        if annotation:
            try:
                notes.extend(_note(annotation))
            finally:
                pdfium.FPDFPage_CloseAnnot(annotation)
    return notes


def _note(annotation: Any) -> Iterator[str]:
    kind = pdfium.FPDFAnnot_GetSubtype(annotation)
    hidden = pdfium.FPDFAnnot_GetFlags(annotation) & pdfium.FPDF_ANNOT_FLAG_HIDDEN
    if kind in _WITHOUT_NOTE or hidden:
        return
    text = squeeze_blank_lines(_string(annotation, b"Contents"))
    if not text:
        return
    if kind == pdfium.FPDF_ANNOT_FREETEXT:
        yield text
        return
    author = one_line(_string(annotation, b"T"))
    yield f"Note by {author}: {text}" if author else f"Note: {text}"


def _string(annotation: Any, key: bytes) -> str:
    return string_of(partial(pdfium.FPDFAnnot_GetStringValue, annotation, key))
