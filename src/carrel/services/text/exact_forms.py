"""One form for what is written in several ways and has to be found exactly. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from carrel.core.indexed_text import compatible
from carrel.services.text.dates import dates
from carrel.services.text.words import character_pairs

_GROUPED = r"\d{1,3}(?:(?P<group>[,.'’\u2009\u202f \u00a0])\d{3})(?:(?P=group)\d{3})*"
_SCALES = (
    (3, r"(?:thousand|tausend|mille|mila|mil|тыс|тысячи?|ألف)\b"),
    (
        6,
        r"(?:millions?|millionen|mio|mn|millón|millones|milion[ei]|milhão|milhões"
        r"|млн|миллион(?:а|ов)?|مليون)\b",
    ),
    (
        9,
        r"(?:billions?|bn|milliards?|milliarden?|mrd|miliard[oi]|млрд|миллиард(?:а|ов)?|مليار)\b",
    ),
    (4, "[万萬만]"),
    (8, "[亿億억]"),
)
_SCALE = "|".join(f"(?P<scale{number}>{names})" for number, (_, names) in enumerate(_SCALES))
_NUMBER = re.compile(
    rf"(?<![\w.,])(?:(?P<grouped>{_GROUPED})|(?P<plain>\d+))(?:[.,](?P<decimals>\d+))?(?![.,]?\d)"
    rf"(?:[\s-]?(?:{_SCALE}))?",
    re.IGNORECASE,
)
_CODE = re.compile(
    r"(?<![\w/.-])(?!\d+(?:st|nd|rd|th)\b)(?=[\w/.-]*\d)[^\W_]+(?:[-/._][^\W_]+)*(?![\w/-])"
)
_DIGIT = re.compile(r"(?![0-9])\d")
_LETTER_OR_JOINT = re.compile(r"[^\W\d_]|[-/]")
LAST_YEAR = 2100

SHORTEST_CODE = 4
"""Letters and digits of a part number; "2nd" and "5kg" are none."""

_PICTOGRAPH = re.compile("[\u2190-\u2bff\U0001f000-\U0001faff]")
_QUOTED = re.compile('"([^"]+)"|“([^”]+)”|„([^“”]+)[“”]|«([^»]+)»|「([^」]+)」|『([^』]+)』')


def exact_forms(text: str) -> dict[str, str]:
    """Return a word of letters and digits for each date, amount, part number and pictograph.

    It is the same for each spelling: ``date20240514`` and ``month202405`` of "14 May 2024" and
    "14.05.2024", ``number1250000`` of "1,250,000" and "1.25 million", ``codeab10297`` of
    "AB-1029/7". Each is mapped to what is written in this text.
    """
    plain = _with_plain_digits(compatible(text))
    found = {}
    for each in dates(plain):
        written = plain[each.start : each.end]
        found[f"month{each.year}{each.month:02}"] = written
        if each.day:
            found[f"date{each.year}{each.month:02}{each.day:02}"] = written
    return found | dict((*_numbers(plain), *_codes(plain), *_pictographs(plain)))


def _with_plain_digits(text: str) -> str:
    if text.isascii():
        return text
    return _DIGIT.sub(lambda digit: str(int(digit[0])), text)


def quoted_phrases(text: str) -> list[str]:
    """Return what is in quotation marks, in lower case and with single spaces."""
    groups = (next(filter(None, each)) for each in _QUOTED.findall(compatible(text)))
    return [phrase for each in groups if (phrase := " ".join(each.lower().split()))]


def _numbers(text: str) -> Iterator[tuple[str, str]]:
    for match in _NUMBER.finditer(text):
        whole = re.sub(r"\D", "", match["grouped"] or match["plain"])
        decimals = match["decimals"] or ""
        value = Decimal(f"{whole}.{decimals}" if decimals else whole)
        scale = next(
            (power for number, (power, _) in enumerate(_SCALES) if match[f"scale{number}"]), 0
        )
        if scale:
            yield _number(value.scaleb(scale)), match[0]
        # A small number and a year are words.
        if match["grouped"] or decimals or value > LAST_YEAR:
            yield _number(value), match[0]


def _number(value: Decimal) -> str:
    return "number" + f"{value.normalize():f}".replace(".", "p")


def _codes(text: str) -> Iterator[tuple[str, str]]:
    for match in _CODE.finditer(text):
        code = re.sub(r"[\W_]", "", match[0]).lower()
        if len(code) < SHORTEST_CODE or not _LETTER_OR_JOINT.search(match[0]):
            continue
        if not character_pairs(code):
            yield f"code{code}", match[0]


def _pictographs(text: str) -> Iterator[tuple[str, str]]:
    for match in _PICTOGRAPH.finditer(text):
        yield f"sign{ord(match[0]):x}", match[0]
