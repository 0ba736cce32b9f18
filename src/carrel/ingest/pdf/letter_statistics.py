"""Recognises text layers whose characters are not those that the page shows."""

from __future__ import annotations

import re
import unicodedata

import pypdfium2
import pypdfium2.raw as pdfium

_SAMPLE = 120
_FEWEST = 12
_MOST_UNMAPPED = 0.5
_MOST_NOISE = 0.3
# Of the letters of Latin text in any language that is written with vowels.
_FEWEST_VOWELS = 0.22
_MOST_VOWELS = 0.68
_MOST_CAPITALS_INSIDE = 0.2
_VOWELS = frozenset("aeiouy")
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")
_CAPITAL_INSIDE = re.compile("(?<=[a-z])[A-Z]|[A-Z](?=[0-9\\\\\\[\\]^_`])")


def is_noise(text_page: pypdfium2.PdfTextPage, text: str) -> bool:
    """Whether the text of a page is not what is printed on it.

    A font without a ToUnicode map and with codes of its own (ISO 32000-1, 9.10.2) leaves pdfium the
    codes alone. Such fonts may still hold real text; then its letters are distributed like those
    of a language.
    """
    step = max(1, len(text) // _SAMPLE)
    sample = [place for place in range(0, len(text), step) if not text[place].isspace()]
    if len(sample) < _FEWEST:
        return False
    if sum(_is_no_letter(text[place]) for place in sample) > _MOST_NOISE * len(sample):
        return True
    unmapped = [
        place for place in sample if pdfium.FPDFText_HasUnicodeMapError(text_page.raw, place) == 1
    ]
    return len(unmapped) > _MOST_UNMAPPED * len(sample) and not _is_language(text)


def _is_no_letter(character: str) -> bool:
    """Whether it is for private use, unassigned, a replacement, or a control character."""
    # Line ends hyphenated by pdfium are U+0002.
    return character == "\ufffd" or (
        character != "\x02" and unicodedata.category(character) in ("Co", "Cn", "Cc")
    )


def _is_language(text: str) -> bool:
    letters = [each for each in text if each.isalpha()]
    latin = _LATIN.findall(text)
    visible = sum(not each.isspace() for each in text)
    if 2 * len(letters) < visible:
        # Tables of numbers, which have no distribution: control characters betray codes.
        return not any(_is_no_letter(each) for each in text if not each.isspace())
    if 2 * len(latin) < len(letters):
        scripts = {unicodedata.name(each, "?").split()[0] for each in letters}
        return len(scripts) <= 3
    plain = unicodedata.normalize("NFD", "".join(latin)).lower()
    vowels = sum(each in _VOWELS for each in plain) / len(latin)
    odd = len(_CAPITAL_INSIDE.findall(text)) / len(latin)
    return _FEWEST_VOWELS < vowels < _MOST_VOWELS and odd < _MOST_CAPITALS_INSIDE
