"""Makes pdfium read the text objects whose glyphs have no outline."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

_DEEPEST_FORM = 5
_MOST_OBJECTS = 20_000
# Every object of a page with so many is looked at; of a page with more, about as many.
_SAMPLE = 400
# Blanks that are drawn one by one have no outline either, at most one beside each word.
_MOST_BLANKS = 0.6
_NARROWEST = 0.01
_STROKE = 0.05


def give_outline(page: pypdfium2.PdfPage) -> None:
    """Widen the text objects without any width, before the page's text is loaded.

    pdfium skips a text object that covers no area: a single glyph of a font that is neither
    embedded nor installed (Chinese, Japanese, Korean), or of the invisible font of a recognised
    scan. A stroked outline has an area.
    """
    count = pdfium.FPDFPage_CountObjects(page.raw)
    if count > _MOST_OBJECTS:
        return
    if count <= _SAMPLE:
        looked = list(islice(_objects(page.raw), 2 * _SAMPLE))
    else:
        places = range(0, count, count // _SAMPLE)
        looked = [pdfium.FPDFPage_GetObject(page.raw, place) for place in places]
    narrow = list(_narrow(looked))
    if len(narrow) > _MOST_BLANKS * len(looked):
        narrow = list(_narrow(_objects(page.raw)))
    for each in narrow:
        if pdfium.FPDFPageObj_GetType(each) == pdfium.FPDF_PAGEOBJ_TEXT:
            pdfium.FPDFPageObj_SetStrokeWidth(each, _STROKE)
            pdfium.FPDFTextObj_SetTextRenderMode(each, pdfium.FPDF_TEXTRENDERMODE_FILL_STROKE)
            # Its bounds are computed again when it is transformed.
            pdfium.FPDFPageObj_Transform(each, 1, 0, 0, 1, 0, 0)


def _objects(page: Any) -> Iterator[Any]:
    """Yield the objects of a page, and of the forms on it."""
    for index in range(pdfium.FPDFPage_CountObjects(page)):
        each = pdfium.FPDFPage_GetObject(page, index)
        yield each
        if pdfium.FPDFPageObj_GetType(each) == pdfium.FPDF_PAGEOBJ_FORM:
            yield from _form_objects(each, _DEEPEST_FORM)


def _form_objects(form: Any, deeper: int) -> Iterator[Any]:
    for index in range(min(_MOST_OBJECTS, pdfium.FPDFFormObj_CountObjects(form))):
        each = pdfium.FPDFFormObj_GetObject(form, index)
        yield each
        if deeper and pdfium.FPDFPageObj_GetType(each) == pdfium.FPDF_PAGEOBJ_FORM:
            yield from _form_objects(each, deeper - 1)


def _narrow(objects: Iterable[Any]) -> Iterator[Any]:
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    pointers = tuple(map(ctypes.pointer, (left, bottom, right, top)))
    for each in objects:
        pdfium.FPDFPageObj_GetBounds(each, *pointers)
        if right.value - left.value < _NARROWEST:
            yield each
