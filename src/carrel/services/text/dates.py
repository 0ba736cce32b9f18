"""Dates in a text, in the spellings of eleven languages. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

_NAMES = (
    "january jan januar jänner janvier janv enero ene gennaio gen janeiro januari styczeń stycznia "
    "январь января янв يناير",
    "february feb februar février févr febrero febbraio fevereiro fev februari luty lutego "
    "февраль февраля фев февр فبراير شباط",
    "march mar märz mär mrz mars marzo março maart mrt marzec marca март марта мар مارس آذار",
    "april apr avril avr abril abr aprile kwiecień kwietnia апрель апреля апр أبريل إبريل نيسان",
    "may mai mayo maggio mag maio mei maj maja май мая مايو أيار",
    "june jun juni juin junio giugno giu junho czerwiec czerwca июнь июня июн يونيو حزيران",
    "july jul juli juillet juil julio luglio lug julho lipiec lipca июль июля июл يوليو تموز",
    "august aug août agosto ago augustus sierpień sierpnia август августа авг أغسطس آب",
    "september sept sep septembre septiembre setiembre settembre set setembro wrzesień września "
    "сентябрь сентября сент сен سبتمبر أيلول",
    "october oct oktober okt octobre octubre ottobre ott outubro out październik października "
    "октябрь октября окт أكتوبر",
    "november nov novembre noviembre novembro listopad listopada ноябрь ноября нояб ноя نوفمبر",
    "december dec dezember dez décembre déc diciembre dic dicembre dezembro grudzień grudnia "
    "декабрь декабря дек ديسمبر",
)
MONTHS = {name: number for number, row in enumerate(_NAMES, start=1) for name in row.split()}
"""The number of each month, by its name or abbreviation in lower case."""

_MONTH = r"(?P<month>[^\W\d_]{3,12})\.?"
_YEAR = r"(?P<year>(?:1[5-9]|20)\d\d)(?!\w)"
_DAY = r"(?P<day>[0-3]?\d)"
_LINK = r"(?:[\s,-]+(?:(?:of|de|del|di|do|von|van)\s+)?)"
_NAMED = tuple(
    re.compile(rf"(?<!\w){form}")
    for form in (
        rf"{_DAY}(?:st|nd|rd|th|er|[.º])?{_LINK}{_MONTH}{_LINK}{_YEAR}",
        rf"{_MONTH}\s*{_DAY}(?:st|nd|rd|th)?\s*,?\s+{_YEAR}",
    )
)
_MONTH_ALONE = re.compile(rf"(?<!\w){_MONTH}{_LINK}{_YEAR}")
_WITHOUT_YEAR = tuple(
    re.compile(rf"(?<!\w){form}")
    for form in (
        rf"{_DAY}(?:st|nd|rd|th|er|[.º])?{_LINK}{_MONTH}(?!\w)",
        rf"{_MONTH}\s*{_DAY}(?:st|nd|rd|th)?(?!\w)",
    )
)
_WITHOUT_YEAR_NUMBERED = re.compile(r"[01]?\d\s?[月월]\s?[0-3]?\d\s?[日号號일]")
_NUMBERED = tuple(
    re.compile(form)
    for form in (
        r"(?<![\w.,/-])(?P<year>(?:1[5-9]|20)\d\d)(?P<mark>[-./])(?P<month>[01]?\d)(?P=mark)"
        r"(?P<day>[0-3]?\d)(?![\w/-]|[.,]\d)",
        r"(?P<year>(?:1[5-9]|20)\d\d)\s?[年년]\s?(?P<month>[01]?\d)\s?[月월]\s?"
        r"(?P<day>[0-3]?\d)\s?[日号號일]",
    )
)
_DAY_FIRST = re.compile(
    r"(?<![\w.,/-])(?P<first>[0-3]?\d)(?P<mark>\.\s?|[/-])(?P<second>[01]?\d|[0-3]?\d)(?P=mark)"
    r"(?P<year>(?:1[5-9]|20)\d\d|\d\d)(?![\w/-]|[.,]\d)"
)
_MONTH_NUMBERED = re.compile(
    r"(?P<year>(?:1[5-9]|20)\d\d)\s?[年년]\s?(?P<month>[01]?\d)\s?[月월]"
    r"|(?<![\w.,/-])(?P<year2>(?:1[5-9]|20)\d\d)-(?P<month2>[01]\d)(?![\w/-])"
)
MONTH_NAMES = frozenset(name for name in MONTHS if len(name) > 3) | {"may", "mai"}
"""Those that are words of no other kind when they are alone, but for "may" and "march"."""

_CENTURY_BREAK = 70
"""Two digits below it are a year of this century, as in POSIX's ``%y`` (there 69)."""


@dataclass(frozen=True, slots=True)
class NamedDate:
    """A day, or a month (``day`` is 0), and where in the text it is."""

    year: int
    month: int
    day: int
    start: int
    end: int


def dates(text: str) -> Iterator[NamedDate]:
    """Yield the days and the months of the text; of ``03/04/2024`` both readings.

    The month of a day is found, too, where it is a word.
    """
    for pattern in (*_NAMED, _MONTH_ALONE):
        for match in pattern.finditer(text):
            if (number := MONTHS.get(match["month"].lower())) is not None:
                yield from _date(match, match["year"], number, match.groupdict().get("day"))
    for pattern in _NUMBERED:
        for match in pattern.finditer(text):
            yield from _date(match, match["year"], match["month"], match["day"])
    for match in _DAY_FIRST.finditer(text):
        yield from _date(match, match["year"], match["second"], match["first"])
        if match["mark"] == "/":
            yield from _date(match, match["year"], match["first"], match["second"])
    for match in _MONTH_NUMBERED.finditer(text):
        year, month = match["year"] or match["year2"], match["month"] or match["month2"]
        yield from _date(match, year, month)


def date_spans(text: str) -> list[tuple[int, int]]:
    """Return where days and months are, with or without a year, the longest ones first."""
    found = [(each.start, each.end) for each in dates(text)]
    for pattern in _WITHOUT_YEAR:
        matches = pattern.finditer(text)
        found += [each.span() for each in matches if each["month"].lower() in MONTHS]
    found += [each.span() for each in _WITHOUT_YEAR_NUMBERED.finditer(text)]
    return sorted(set(found), key=lambda span: span[0] - span[1])


def _date(
    match: re.Match[str], year: str, month: str | int, day: str | None = None
) -> Iterator[NamedDate]:
    number = int(year)
    if len(year) == 2:
        number += 2000 if number < _CENTURY_BREAK else 1900
    try:
        known = date(number, int(month), int(day or 1))
    except ValueError:
        return
    yield NamedDate(known.year, known.month, known.day if day else 0, *match.span())
