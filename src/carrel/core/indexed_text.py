"""The indexed text of a chunk: file name, heading, text."""

from __future__ import annotations

import re

NAME_BYTES = 96
"""Maximum length of a file name; its end is kept, without the folder."""

HEADING_BYTES = 160
"""Maximum length of a heading."""


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
