"""What of a chunk is embedded and searched: the name of its file, its heading, its text."""

from __future__ import annotations

import re

NAME_BYTES = 96
"""Most of a file's name; what stands at its end is kept, which is not the folder."""

HEADING_BYTES = 160
"""Most of a heading."""


def indexed_text(document_name: str, heading: str | None, text: str) -> str:
    """Return name, heading and text, each on a line of its own.

    Reports of one kind repeat each other's wording; the name of the file and the heading are
    often all that tells the company and the year apart. Both are cut in UTF-8 bytes, because no
    usual tokenizer makes more tokens than bytes: the text keeps its place in the window.
    """
    stem = re.sub(r"\.\w{1,8}$", "", document_name)
    name = re.sub(r"[_/\\-]+", " ", stem).strip().encode(errors="replace")[-NAME_BYTES:]
    head = (heading or "").encode(errors="replace")[:HEADING_BYTES]
    lines = [name.decode(errors="ignore").strip(), head.decode(errors="ignore").strip(), text]
    return "\n".join(line for line in lines if line)
