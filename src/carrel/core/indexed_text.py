"""The indexed text of a chunk: file name, heading, text; and the form in which letters match."""

from __future__ import annotations

import re
import unicodedata

NAME_BYTES = 96
"""Maximum length of a file name; its end is kept, without the folder."""

HEADING_BYTES = 160
"""Maximum length of a heading."""

_RAISED = re.compile("(?<=\\w)[\u00b2\u00b3\u00b9\u2070-\u209c]+")


def compatible(text: str) -> str:
    """Return the text in NFKC: full-width letters, ligatures and presentation forms are letters.

    Raised and lowered digits are apart from what is before them: they are notes and exponents, not
    digits of a number.
    """
    if text.isascii():
        return text
    return unicodedata.normalize("NFKC", _RAISED.sub(r" \g<0>", text))


def indexed_text(document_name: str, heading: str | None, text: str) -> str:
    """Return name, heading and text, each on a line of its own.

    Reports of one kind are worded alike; file name and heading are often the only difference
    between companies and years. Both are cut in UTF-8 bytes, because no common tokenizer makes
    more tokens than bytes: the text still fits in the window.
    """
    stem = re.sub(r"\.\w{1,8}$", "", document_name)
    name = re.sub(r"[_/\\-]+", " ", stem).strip().encode(errors="replace")[-NAME_BYTES:]
    head = (heading or "").encode(errors="replace")[:HEADING_BYTES]
    lines = [name.decode(errors="ignore").strip(), head.decode(errors="ignore").strip(), text]
    return "\n".join(line for line in lines if line)
