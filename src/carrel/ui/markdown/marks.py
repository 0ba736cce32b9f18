"""Placeholder characters for an answer's marks while its Markdown is rendered.

They are of the private use area, which no text uses.
"""

from __future__ import annotations

import re

OPEN, CLOSE = "\ue000", "\ue001"
"""Start and end of a sentence without support."""
NUMBER, END = "\ue002", "\ue003"
"""Enclose the number of a sentence with citations."""
SIGNS = re.compile("[\ue000-\ue003]")
_MARK = re.compile(f"{NUMBER}[0-9]+{END}|[{OPEN}-{END}]")


def without_marks(text: str) -> str:
    """Return the text without marks."""
    return _MARK.sub("", text)


def marks_in(text: str) -> str:
    """Return only the marks of a text, in order."""
    return "".join(_MARK.findall(text))
