"""Text normalisation of all formats."""

from __future__ import annotations

import re

_LINE_BREAKS = re.compile(r"\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
# Control characters except tab and line feed, soft hyphens, byte order marks, noncharacters, and
# surrogates, which no UTF-8 file or database can store.
_INVISIBLE = re.compile("[\x00-\x08\x0e-\x1f\x7f\xad\ufeff\ufffe\uffff\ud800-\udfff]")
_BLANK_LINES = re.compile(r"\n(?:[^\S\n]*\n){2,}")


def clean_text(text: str) -> str:
    r"""Return text with ``\n`` line breaks and without invisible characters."""
    return _INVISIBLE.sub("", _LINE_BREAKS.sub("\n", text))


def squeeze_blank_lines(text: str) -> str:
    """Return the text with runs of blank lines shortened to one, and without outer ones."""
    return _BLANK_LINES.sub("\n\n", text).strip()


def one_line(text: str) -> str:
    """Return the cleaned text with every run of white space replaced by one space."""
    return " ".join(clean_text(text).split())
