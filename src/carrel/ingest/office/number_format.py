"""Formats numbers by the number formats of Excel (ECMA-376 part 1, 18.8.31)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from carrel.ingest.text.cleaning import one_line

_LONGEST_FORMAT = 255
_MOST_DECIMALS = 30
# Excel keeps fifteen digits; longer numbers are shown as stored.
_LARGEST = 1e15
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|(?P<gap>_.|\*.)|\[\$(?P<currency>[^\]-]*)[^\]]*\]'
    r"|\[(?P<bracket>[^\]]*)\]|(?P<digits>[0#?.,]*[0#?][0#?.,]*)|(?P<end>;)|(?P<other>.)",
    re.DOTALL,
)
_PLAIN = frozenset(("", "general", "@"))
# Unquoted characters that may accompany the digits.
_LITERALS = frozenset(" $€£¥+-()/:!^&'~{}<>=@")
_COLOR = re.compile(
    r"(?:black|blue|cyan|green|magenta|red|white|yellow|color\s?\d+)", re.IGNORECASE
)

_Part = tuple[str, str]
"""A part of a format: its kind (``digits``, ``percent`` or ``literal``) and its text."""


def shown_number(value: float, number_format: str) -> str:
    """Return a number as a cell of this format shows it, on one line.

    Signs, currencies, percent, thousands and decimals are supported. Other formats (fractions,
    powers of ten, conditions) and those that show nothing give the plain number.
    """
    plain = str(value) if isinstance(value, int) else f"{value:.15g}"
    sections = _sections(number_format[: _LONGEST_FORMAT + 1])
    if sections is None or not abs(value) < _LARGEST:
        return plain
    section, sign = sections[0], "-" if value < 0 else ""
    if value < 0 and len(sections) > 1:
        section, sign = sections[1], ""
    elif value == 0 and len(sections) > 2:
        section = sections[2]
    percent = any(kind == "percent" for kind, _ in section)
    amount = abs(Decimal(plain)) * (100 if percent else 1)
    shown = "".join(_digits(amount, text) if kind == "digits" else text for kind, text in section)
    return one_line(sign + shown) or plain


@lru_cache(maxsize=1_000)
def _sections(number_format: str) -> tuple[tuple[_Part, ...], ...] | None:
    """Return the parts of a format, for positive numbers first; None if it is unsupported."""
    if number_format.lower() in _PLAIN or len(number_format) > _LONGEST_FORMAT:
        return None
    sections: list[list[_Part]] = [[]]
    for part in _parts(number_format):
        if part is None:
            return None
        if part[0] == "end":
            sections.append([])
        else:
            sections[-1].append(part)
    for section in sections[:3]:
        digits = [text for kind, text in section if kind == "digits"]
        if len(digits) > 1 or any(not _is_digits(text) for text in digits):
            return None
    if not any(kind == "digits" for kind, _ in sections[0]):
        return None
    return tuple(tuple(section) for section in sections)


def _parts(number_format: str) -> Iterator[_Part | None]:
    for match in _TOKEN.finditer(number_format):
        kind, text = match.lastgroup, match[match.lastgroup or 0]
        if kind in ("digits", "end"):
            yield kind, text
        elif kind in ("quoted", "escaped", "currency"):
            yield "literal", text
        elif kind == "gap":
            yield "literal", " "
        elif text == "%":
            yield "percent", text
        elif kind == "other":
            yield ("literal", text) if text in _LITERALS else None
        elif not _COLOR.fullmatch(text):
            yield None


def _is_digits(pattern: str) -> bool:
    whole, _, decimals = pattern.partition(".")
    return len(decimals) <= _MOST_DECIMALS and "." not in decimals and bool(whole or decimals)


def _digits(amount: Decimal, pattern: str) -> str:
    """Return the amount with the digits of the pattern."""
    scaled = pattern.rstrip(",")
    amount /= 1_000 ** (len(pattern) - len(scaled))
    whole, _, decimals = scaled.partition(".")
    rounded = amount.quantize(Decimal(1).scaleb(-len(decimals)), ROUND_HALF_UP)
    left, _, right = f"{rounded:f}".partition(".")
    left = left.lstrip("0").zfill(whole.count("0"))
    if "," in whole and left[:1] not in ("", "0"):
        left = f"{int(left):,}"
    optional = len(decimals) - len(decimals.rstrip("#?"))
    kept = right[: len(right) - optional]
    right = kept + right[len(kept) :].rstrip("0")
    return f"{left}.{right}" if right else left
