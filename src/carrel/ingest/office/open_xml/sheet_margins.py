"""Headers and footers of Excel sheets, as they are printed (ECMA-376, part 1, 18.3.1.46)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

from carrel.ingest.text.cleaning import one_line

TAIL_BYTES = 1 << 16
"""They are behind the cells, with less than this after them."""

_MARGIN = re.compile(rb"<(?:\w+:)?(?:odd|even|first)(Header|Footer)>([^<]{1,2000})</")
# Fonts, sizes, colours and styles; numbers, times and names.
_PARTS = re.compile(r"(?<!&)&[LCR]")
# Fonts, sizes, colours and styles; numbers, times and names.
_CODE = re.compile(
    r'&(?:"[^"]*"|\d{1,3}|K(?:[0-9A-Fa-f]{6}|\d\d[+-]\d{3})|[BIUESXYHOPNDTFAZGM](?:[+-]\d+)?|(&))'
)
_NUMBERED = re.compile(r"(?<!&)&[PN]")
_WORD = re.compile(r"\w+")
# "Page 3 of 7" without its numbers.
_MOST_LABEL_WORDS = 2


def margin_lines(tail: bytes) -> Iterator[str]:
    """Yield the texts of a sheet from the end of its part, the same text once.

    A lone label of a number is none.
    """
    seen: set[str] = set()
    for match in _MARGIN.finditer(tail):
        written = unescape(match[2].decode("utf-8", errors="replace"))
        text = " ".join(filter(None, map(_shown, _PARTS.split(written))))
        line = f"{match[1].decode()}: {text}"
        if text and line not in seen:
            seen.add(line)
            yield line


def _shown(part: str) -> str:
    """Return the text of a part of the margin."""
    text = one_line(_CODE.sub(lambda match: match[1] or "", part))
    words = len(_WORD.findall(text))
    is_label = _NUMBERED.search(part) is not None and words <= _MOST_LABEL_WORDS
    return text if words and not is_label else ""
