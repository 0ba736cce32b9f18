"""Values of the form fields on a PDF page, as words at their places."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

from carrel.ingest.pdf.fragments import Fragment
from carrel.ingest.text.cleaning import clean_text

MOST_FIELDS = 5_000
MOST_CHARACTERS = 1_000_000
_TICKED, _EMPTY = "[x]", "[ ]"
_TICKS = (pdfium.FPDF_FORMFIELD_CHECKBOX, pdfium.FPDF_FORMFIELD_RADIOBUTTON)
_CHOICES = (pdfium.FPDF_FORMFIELD_COMBOBOX, pdfium.FPDF_FORMFIELD_LISTBOX)
_PASSWORD = 1 << 13
_LINE = 14.0
_MOST_COMPARISONS = 2_000_000
# From the left edge of a field to its text, and from its bottom to that of a single line.
_INSET = 2.0


def open_form(document: pypdfium2.PdfDocument) -> None:
    """Load the form of a document, if it has one, before its pages.

    pypdfium2's own function warns of XFA, which this build of pdfium does not draw; the AcroForm in
    the same file is read.
    """
    if document.get_formtype() == pdfium.FORMTYPE_NONE or document.formenv:
        return
    config = pdfium.FPDF_FORMFILLINFO(version=2)
    if raw := pdfium.FPDFDOC_InitFormFillEnvironment(document.raw, config):
        document.formenv = pypdfium2.PdfFormEnv(raw, config)


def field_values(page: pypdfium2.PdfPage) -> list[Fragment]:
    """Return the values of the fields on the page; nothing without a form.

    Boxes are ``[x]`` or ``[ ]``; of a list, the selected entries are returned. Hidden fields,
    passwords and buttons have no value that a reader sees (ISO 32000-1, 12.7).
    """
    if page.formenv is None:
        return []
    found: list[Fragment] = []
    count = min(pdfium.FPDFPage_GetAnnotCount(page.raw), MOST_FIELDS)
    for index in range(count):
        annotation = pdfium.FPDFPage_GetAnnot(page.raw, index)
        if not annotation:
            continue
        try:
            if pdfium.FPDFAnnot_GetSubtype(annotation) == pdfium.FPDF_ANNOT_WIDGET:
                found.extend(_values(page.formenv, annotation))
        finally:
            pdfium.FPDFPage_CloseAnnot(annotation)
    return found


def with_values(fragments: list[Fragment], values: Sequence[Fragment]) -> list[Fragment]:
    """Return the fragments of a page with each value next to its label.

    That is the nearest text on the same line, otherwise the text above. On a page with absurdly
    many of both, the values are at the end.
    """
    if len(fragments) * len(values) > _MOST_COMPARISONS:
        return [*fragments, *values]
    whole = list(fragments)
    for value in values:
        place = _label(fragments, value)
        if place is None:
            whole.append(value)
        else:
            at = next(index for index, each in enumerate(whole) if each is place)
            after = place.left < value.left or not place.beside(value)
            whole.insert(at + after, value)
    return whole


def _label(fragments: Sequence[Fragment], value: Fragment) -> Fragment | None:
    beside = [each for each in fragments if each.beside(value)]
    if value.text not in (_TICKED, _EMPTY):
        beside = [each for each in beside if each.left < value.left]
    if beside:
        return min(beside, key=value.gap)
    above = [each for each in fragments if each.bottom >= value.bottom and value.gap(each) < 0]
    return min(above, key=lambda each: each.bottom, default=None)


def _values(form: Any, annotation: Any) -> Iterator[Fragment]:
    if pdfium.FPDFAnnot_GetFlags(annotation) & (
        pdfium.FPDF_ANNOT_FLAG_HIDDEN | pdfium.FPDF_ANNOT_FLAG_NOVIEW
    ):
        return
    box = pdfium.FS_RECTF()
    pdfium.FPDFAnnot_GetRect(annotation, box)
    bottom, top = sorted((box.bottom, box.top))
    left, right = sorted((box.left, box.right))
    lines = _text(form, annotation).splitlines()
    height = min(_LINE, (top - bottom) / max(1, len(lines)))
    # A single line is in the middle of its field, several begin at its top.
    first = (top + bottom + height) / 2 if len(lines) == 1 else top
    for number, line in enumerate(lines):
        if line.strip():
            base = first - (number + 1) * height
            yield Fragment(
                line.strip(), left + _INSET, base, max(right, left + _INSET), base + height, height
            )


def _text(form: Any, annotation: Any) -> str:
    kind = pdfium.FPDFAnnot_GetFormFieldType(form, annotation)
    if kind in _TICKS:
        return _TICKED if pdfium.FPDFAnnot_IsChecked(form, annotation) else _EMPTY
    if kind in _CHOICES:
        selected = list(_selected(form, annotation))
        if selected:
            return ", ".join(selected)
    elif kind != pdfium.FPDF_FORMFIELD_TEXTFIELD:
        return ""
    if pdfium.FPDFAnnot_GetFormFieldFlags(form, annotation) & _PASSWORD:
        return ""
    return string_of(partial(pdfium.FPDFAnnot_GetFormFieldValue, form, annotation))


def _selected(form: Any, annotation: Any) -> Iterator[str]:
    for index in range(min(MOST_FIELDS, pdfium.FPDFAnnot_GetOptionCount(form, annotation))):
        if pdfium.FPDFAnnot_IsOptionSelected(form, annotation, index):
            label = partial(pdfium.FPDFAnnot_GetOptionLabel, form, annotation, index)
            yield string_of(label)


def string_of(get: Callable[[Any, int], int]) -> str:
    """Return a string of pdfium (UTF-16LE, ended by zero) from one of its functions."""
    size = get(None, 0)
    if not 2 < size <= 2 * MOST_CHARACTERS:
        return ""
    buffer = (ctypes.c_ushort * (size // 2 + 1))()
    get(buffer, size)
    return clean_text(bytes(buffer).decode("utf-16-le", "replace").rstrip("\0"))
