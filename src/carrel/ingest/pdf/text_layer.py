"""The text layer of a PDF page: its characters, and its words with their boxes."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pypdfium2
import pypdfium2.raw as pdfium

from carrel.ingest.pdf.joined_glyphs import in_logical_order
from carrel.ingest.text.hyphenation import LINE_END_HYPHEN

MOST_CHARACTERS = 200_000
_HYPHEN_IN_RANGE = "\ufffe"
_WORD = re.compile(r"\S+")
# In heights of a line. Letters that are drawn one by one, closer than this, are one word.
_SAME_WORD = 0.16


@dataclass(slots=True)
class Word:
    """A word as placed on the page; ``line`` counts the lines of pdfium's text."""

    text: str
    left: float
    bottom: float
    right: float
    top: float
    line: int

    @property
    def height(self) -> float:
        return self.top - self.bottom


def characters_of(text_page: pypdfium2.PdfTextPage) -> str:
    """Return one character for each that pdfium counts, so that offsets in both are equal.

    A hyphen at a line's end is ``LINE_END_HYPHEN``, as in pdfium's own list of characters.
    """
    count = min(text_page.count_chars(), MOST_CHARACTERS)
    if not count:
        return ""
    text = str(text_page.get_text_range(0, count)).replace(_HYPHEN_IN_RANGE, LINE_END_HYPHEN)
    if len(text) != count:
        # Control characters are left out of it, and characters outside the BMP are halved.
        codes = (pdfium.FPDFText_GetUnicode(text_page.raw, index) for index in range(count))
        text = "".join(chr(code) if 0 < code < 0x110000 else " " for code in codes)
    return in_logical_order(text_page, text)


def words_of(text_page: pypdfium2.PdfTextPage, text: str) -> Iterator[Word]:
    """Yield the words of ``characters_of`` the page, in the order of the file.

    A word in pieces, each letter drawn on its own, is put together; a piece of a word beside a
    hyphen at a line's end is a word.
    """
    raw, box = text_page.raw, pdfium.FS_RECTF()
    to_box = ctypes.pointer(box)
    box_of = pdfium.FPDFText_GetLooseCharBox
    line = 0
    before: Word | None = None
    end = 0
    for match in _WORD.finditer(text):
        start, after = match.span()
        if "\n" in text[end:start]:
            line += 1
        for first, last in _parts(match[0], start):
            box_of(raw, first, to_box)
            left, bottom, right, top = box.left, box.bottom, box.right, box.top
            if last - first > 1:
                box_of(raw, last - 1, to_box)
                left, right = min(left, box.left), max(right, box.right)
                bottom, top = min(bottom, box.bottom), max(top, box.top)
            word = Word(text[first:last], left, bottom, right, top, line)
            if (
                before is not None
                and (len(before.text) < 2 or last - first < 2)
                and _close(before, word)
                and pdfium.FPDFText_IsGenerated(raw, first - 1) == 1
            ):
                before.text += word.text
                before.right = right
                continue
            if before is not None:
                yield before
            before = word
            if text[last - 1] == LINE_END_HYPHEN:
                line += 1
        end = after
    if before is not None:
        yield before


def _parts(word: str, start: int) -> Iterator[tuple[int, int]]:
    """Yield the spans of a word on the lines that a hyphen divides it into."""
    at = 0
    while (hyphen := word.find(LINE_END_HYPHEN, at)) >= 0:
        yield start + at, start + hyphen + 1
        at = hyphen + 1
    if at < len(word):
        yield start + at, start + len(word)


def _close(before: Word, word: Word) -> bool:
    gap = word.left - before.right
    return (
        abs(gap) < _SAME_WORD * word.height
        and abs(word.bottom - before.bottom) < _SAME_WORD * word.height
        and before.text[-1] != LINE_END_HYPHEN
    )
