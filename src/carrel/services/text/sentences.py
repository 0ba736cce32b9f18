"""Splits texts into sentences and lines. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterator

_SENTENCE_END = re.compile(
    "|".join(
        (
            # An initial, or an abbreviation before a small letter, ends no sentence.
            r"(?<=[.!?])(?<!\b\w\.)\s+(?![a-z])",
            # Quotes, brackets and the asterisks of Markdown may follow the full stop.
            r"(?<=[.!?][\"”’)*_])\s+(?=[^\Wa-z]|[\"“‘(*_])",
            r"(?<=[.!?]\*\*)\s+(?=[^\Wa-z]|[\"“‘(*_])",
            r"(?<=[。！？])\s*",
            r"\n{2,}",
            # Lines of a PDF page break within sentences: after a long line that ends with a letter
            # or a comma, and before a letter, the sentence continues.
            r"\n(?![^\W\d_])",
            r"(?<![^\W\d_,])\n",
            r"(?<!.{60})\n",
        )
    )
)


def sentences(text: str) -> list[str]:
    """Return the sentences and lines of a text, each verbatim, none blank."""
    return [text[start:end] for start, end in sentence_spans(text)]


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Return the spans of the sentences and lines of a text, without surrounding white space."""
    return [
        (start + len(part) - len(part.lstrip()), start + len(part.rstrip()))
        for start, part in _parts(text)
        if part.strip()
    ]


def _parts(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for boundary in _SENTENCE_END.finditer(text):
        yield start, text[start : boundary.start()]
        start = boundary.end()
    yield start, text[start:]
