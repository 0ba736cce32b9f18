"""The characters of a PDF page's text layer."""

from __future__ import annotations

import re

import pypdfium2
import pypdfium2.raw as pdfium

from carrel.ingest.pdf.joined_glyphs import in_logical_order
from carrel.ingest.text.hyphenation import LINE_END_HYPHEN

_HYPHEN_IN_RANGE = "\ufffe"
_SYMBOL = re.compile("^[\uf020-\uf0ff](?=\\s)", re.MULTILINE)


def characters_of(text_page: pypdfium2.PdfTextPage) -> str:
    """Return one character for each that pdfium counts, so that offsets in both are equal.

    A hyphen at a line's end is ``LINE_END_HYPHEN``, as in pdfium's own list of characters. A
    character outside the BMP is two surrogates, to be joined by ``printable``.
    """
    count = text_page.count_chars()
    if not count:
        return ""
    text = str(text_page.get_text_range(0, count)).replace(_HYPHEN_IN_RANGE, LINE_END_HYPHEN)
    if len(text) != count:
        # Control characters are left out of it.
        codes = (pdfium.FPDFText_GetUnicode(text_page.raw, index) for index in range(count))
        text = "".join(chr(code) if 0 < code < 0x110000 else " " for code in codes)
    return in_logical_order(text_page, text)


def printable(text: str) -> str:
    """Return the text with pairs of surrogates joined, and symbols that begin lines as bullets.

    Symbol fonts have their codes in the private use area from U+F000.
    """
    if text.isascii():
        return text
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return _SYMBOL.sub("\u2022", whole)
