"""The characters that stand for an answer's marks while its Markdown is rendered.

They are of the private use area, which no text uses.
"""

from __future__ import annotations

import re

OPEN, CLOSE = "\ue000", "\ue001"
"""Start and end of a sentence without support."""
NUMBER, END = "\ue002", "\ue003"
"""Stand around the number of a sentence that has sources."""
SIGNS = re.compile("[\ue000-\ue003]")
_MARK = re.compile(f"{NUMBER}[0-9]+{END}|[{OPEN}-{END}]")


def without_marks(text: str) -> str:
    """Return the text as it was before the marks were put in."""
    return _MARK.sub("", text)


def marks_in(text: str) -> str:
    """Return the marks of a text, in their order and without the text."""
    return "".join(_MARK.findall(text))
