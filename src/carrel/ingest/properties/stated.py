"""Builds the properties of a document from the values in its file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from email.utils import parsedate_to_datetime

from carrel.core.document_properties import MOST_CHARACTERS, MOST_VALUES, DocumentProperties
from carrel.ingest.text.cleaning import one_line

_READ_CHARACTERS = 20_000
_KEYWORD_ENDS = re.compile(r"[;,\n、，；]")
_AUTHOR_ENDS = re.compile(r"[;\n；]")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8}){0,4}")
# Year, month and day in ISO 8601, of which later ones may be missing, and with other separators.
_DATE = re.compile(r"(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?)?")
# ISO 32000-1, 7.9.4: D:YYYYMMDDHHmmSSOHH'mm'; XMP and others leave out the separators, too.
_COMPACT = re.compile(
    r"(?:D:)?(\d{4})(\d{2})?(\d{2})?(\d{2})?(\d{2})?(\d{2})?(?:\.\d+)?(Z.*|[+-]\d\d.*|)"
)
_ZONE = re.compile(r"([+-])(\d{2})'?:?(\d{2})?'?")
# What programs write for a date that nobody set.
_FIRST_YEAR = 1602


class Stated:
    """Collects what a file states. A value that is empty or makes no sense is ignored."""

    def __init__(self) -> None:
        self._title = self._created = self._modified = self._language = ""
        self._authors: dict[str, None] = {}
        self._keywords: dict[str, None] = {}

    def title(self, text: str | None) -> None:
        """Take a title; the first counts."""
        self._title = self._title or _short(text)

    def author(self, *names: str | None) -> None:
        """Take names of authors, several of them in one text if semicolons divide it."""
        _add(self._authors, names, _AUTHOR_ENDS)

    def keywords(self, *texts: str | None) -> None:
        """Take keywords, several of them in one text if commas or semicolons divide it."""
        _add(self._keywords, texts, _KEYWORD_ENDS)

    def created(self, when: str | datetime | date | None) -> None:
        """Take the date of creation, publication or sending; the first counts."""
        self._created = self._created or iso_date(when)

    def modified(self, when: str | datetime | date | None) -> None:
        """Take the date of the last change; the first counts."""
        self._modified = self._modified or iso_date(when)

    def language(self, tag: str | None) -> None:
        """Take a language tag; the first counts."""
        found = _LANGUAGE.fullmatch((tag or "").strip())
        if found and not self._language and found[0].lower() not in ("und", "zxx", "none"):
            self._language = found[0].replace("_", "-")

    def properties(self) -> DocumentProperties:
        """Return the properties."""
        return DocumentProperties(
            self._title or None,
            tuple(self._authors),
            self._created or None,
            self._modified or None,
            tuple(self._keywords),
            self._language or None,
        )


def iso_date(when: str | datetime | date | None) -> str:
    """Return a date in ISO 8601, as exact as it is written; empty if it is none.

    Accepted are ISO 8601, the dates of PDF and mail, and numbers with other separators in the order
    year, month, day.
    """
    if when is None:
        return ""
    if isinstance(when, date):
        return _known(when)
    text = one_line(when[:100])
    try:
        return _known(datetime.fromisoformat(text), with_time=len(text) > len("2024-12-31"))
    except ValueError:
        pass
    if match := _DATE.fullmatch(text):
        return _day(*match.groups())
    if match := _COMPACT.fullmatch(text):
        return _moment(*match.groups())
    try:
        return _known(parsedate_to_datetime(text))
    except ValueError:
        return ""


def _known(moment: date, *, with_time: bool = True) -> str:
    """Return a date, unless it is the first that a program can write."""
    if moment.year < _FIRST_YEAR:
        return ""
    if isinstance(moment, datetime) and not with_time:
        return moment.date().isoformat()
    if isinstance(moment, datetime):
        in_utc = moment.utcoffset() == timedelta()
        plain = moment.replace(microsecond=0, tzinfo=None if in_utc else moment.tzinfo)
        return plain.isoformat() + ("Z" if in_utc else "")
    return moment.isoformat()


def _day(year: str, month: str | None, day: str | None) -> str:
    try:
        found = date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return ""
    exact = len(year) if month is None else len("2024-12") if day is None else len("2024-12-31")
    return _known(found)[:exact]


def _moment(year: str, *rest: str | None) -> str:
    *numbers, zone = rest
    month, day, hour, minute, second = numbers
    if day is None or hour is None:
        return _day(year, month, day)
    offset = _ZONE.fullmatch(zone or "")
    suffix = f"{offset[1]}{offset[2]}:{offset[3] or '00'}" if offset else ""
    if (zone or "").startswith("Z"):
        suffix = "+00:00"
    text = f"{year}-{month}-{day}T{hour}:{minute or '00'}:{second or '00'}{suffix}"
    try:
        return _known(datetime.fromisoformat(text))
    except ValueError:
        return ""


def _short(text: str | None) -> str:
    return one_line((text or "")[:_READ_CHARACTERS])[:MOST_CHARACTERS].rstrip()


def _add(found: dict[str, None], texts: Iterable[str | None], ends: re.Pattern[str]) -> None:
    for text in texts:
        for part in ends.split((text or "")[:_READ_CHARACTERS]):
            if len(found) < MOST_VALUES and (value := _short(part)):
                found[value] = None
