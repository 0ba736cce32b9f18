"""Makes pdfium read the text objects whose glyphs have no outline."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

_DEEPEST_FORM = 5
_MOST_OBJECTS = 20_000
# Every object of a page with so many is looked at; of a page with more, as many.
_SAMPLE = 400
# Blanks that are drawn one by one have no outline either, at most one beside each word.
_MOST_BLANKS = 0.6
_NARROWEST = 0.01


def give_outline(page: pypdfium2.PdfPage) -> None:
    """Widen the text objects without any width, before the page's text is loaded.

    pdfium skips a text object that covers no area: a single glyph of a font that is neither
    embedded nor installed (Chinese, Japanese, Korean), or of the invisible font of a recognised
    scan. A stroked outline has an area.
    """
    raw = page.raw
    objects: list[Any] = []
    for each in _objects(raw, pdfium.FPDFPage_CountObjects, pdfium.FPDFPage_GetObject):
        objects.append(each)
        if len(objects) >= _MOST_OBJECTS:
            return
    step = max(1, len(objects) // _SAMPLE)
    looked = objects[::step]
    narrow = list(_narrow(looked))
    if step > 1 and len(narrow) > _MOST_BLANKS * len(looked):
        narrow = list(_narrow(objects))
    for each in narrow:
        if pdfium.FPDFPageObj_GetType(each) == pdfium.FPDF_PAGEOBJ_TEXT:
            pdfium.FPDFPageObj_SetStrokeWidth(each, 1.0)
            pdfium.FPDFTextObj_SetTextRenderMode(each, pdfium.FPDF_TEXTRENDERMODE_FILL_STROKE)
            # Its bounds are computed anew when it is transformed.
            pdfium.FPDFPageObj_Transform(each, 1, 0, 0, 1, 0, 0)


def _objects(holder: Any, count: Any, object_at: Any, depth: int = 0) -> Iterator[Any]:
    for index in range(count(holder)):
        each = object_at(holder, index)
        yield each
        if depth < _DEEPEST_FORM and pdfium.FPDFPageObj_GetType(each) == pdfium.FPDF_PAGEOBJ_FORM:
            yield from _objects(
                each, pdfium.FPDFFormObj_CountObjects, pdfium.FPDFFormObj_GetObject, depth + 1
            )


def _narrow(objects: list[Any]) -> Iterator[Any]:
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    pointers = tuple(map(ctypes.pointer, (left, bottom, right, top)))
    for each in objects:
        pdfium.FPDFPageObj_GetBounds(each, *pointers)
        if right.value - left.value < _NARROWEST:
            yield each
