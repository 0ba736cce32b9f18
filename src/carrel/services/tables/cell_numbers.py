"""Reads the number of a table cell."""

from __future__ import annotations

import re
from decimal import Decimal

_CELL = re.compile(
    r"[$€£¥]?\s*(?P<open>\()?\s*(?P<minus>[-−–])?\s*[$€£¥]?\s*(?P<minus2>[-−–])?"
    r"(?P<digits>\d[\d.,'’\s\u00a0\u202f]*)(?P<close>\))?"
    r"\s*(?:[\w%‰°²³/.€$£¥-]+\s?){0,2}\)?"
)
_DATE = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}-\d\d(?:-\d\d)?|\d{1,2}:\d\d.*")
_GROUPS = re.compile(r"\d{1,3}(?:[,.'’\s]\d{3})+")


def number_of(text: str) -> Decimal | None:
    """Return the number in a cell; None if there is none, or more than that and its unit.

    Brackets are a minus sign, as in accounts. Of a point and a comma the last is the decimal one; a
    single one before three digits separates thousands.
    """
    bare = text.strip().translate({0xA0: " ", 0x202F: " "})
    match = _CELL.fullmatch(bare)
    if match is None or _DATE.fullmatch(bare):
        return None
    value = _value(match["digits"].strip().rstrip(".,'’"))
    negative = match["minus"] or match["minus2"] or (match["open"] and bare.endswith(")"))
    return -value if value is not None and negative else value


def _value(digits: str) -> Decimal | None:
    if _GROUPS.fullmatch(digits):
        return Decimal(re.sub(r"\D", "", digits))
    whole, mark, decimals = digits, "", ""
    last = max(digits.rfind("."), digits.rfind(","))
    if last >= 0:
        whole, mark, decimals = digits[:last], digits[last], digits[last + 1 :]
    if mark and mark in whole and not _GROUPS.fullmatch(whole):
        return None
    if not decimals.isdigit() and mark:
        return None
    whole = re.sub(r"[,.'’\s]", "", whole)
    return Decimal(f"{whole}.{decimals}" if decimals else whole) if whole else None
