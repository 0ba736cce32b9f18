"""Filters of documents by what the catalog knows of them. Pure functions.

A filter is words with a key: ``folder:invoices type:pdf -author:"Anna Berg" after:2024-05``. All
have to match; a leading minus excludes. Without a key a word is one of the name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from carrel.core.documents import DocumentRecord
from carrel.core.errors import InvalidRequest
from carrel.core.indexed_text import compatible

_WORD = re.compile(
    r'(?=\S)(?P<minus>-)?(?:(?P<key>[^\W\d_]+):)?(?:"(?P<quoted>[^"]*)"?|(?P<plain>\S*))'
)
_DAY = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?")
TYPES: Mapping[str, tuple[str, ...]] = {
    "word": ("doc", "docx", "odt", "rtf"),
    "excel": ("xls", "xlsx", "xlsm", "ods", "csv"),
    "powerpoint": ("ppt", "pptx", "odp"),
    "mail": ("eml", "msg", "mbox"),
    "html": ("html", "htm", "xhtml"),
    "image": ("png", "jpg", "jpeg", "tif", "tiff", "webp", "heic", "bmp", "gif"),
    "markdown": ("md", "markdown"),
    "text": ("txt", "text"),
}
"""Endings by a common name for them; any other value of ``type:`` is an ending."""


@dataclass(frozen=True, slots=True)
class FilterTerm:
    """One word of a filter."""

    key: str
    value: str
    excludes: bool = False

    def __str__(self) -> str:
        """Return it as it is written."""
        value = f'"{self.value}"' if " " in self.value else self.value
        return f"{'-' if self.excludes else ''}{self.key}:{value}"

    def matches(self, record: DocumentRecord) -> bool:
        """Whether it lets a document pass."""
        return _MATCHES[self.key](record, self.value) is not self.excludes


@dataclass(frozen=True, slots=True)
class DocumentFilter:
    """The words of a filter; without any, every document passes."""

    terms: tuple[FilterTerm, ...] = ()

    def matches(self, record: DocumentRecord) -> bool:
        """Whether a document passes."""
        return all(each.matches(record) for each in self.terms)


def parse_filter(text: str) -> DocumentFilter:
    """Return a filter as it is written.

    Raises:
        InvalidRequest: a key is unknown, a value is missing, or a date is none.
    """
    terms = []
    for match in _WORD.finditer(text):
        key, value = (match["key"] or "name").lower(), match["quoted"] or match["plain"] or ""
        if key not in _MATCHES:
            raise InvalidRequest(
                f"The filter has no key '{key}': use one of {', '.join(sorted(_MATCHES))}."
            )
        value = compatible(value).lower().strip()
        if not value:
            raise InvalidRequest(f"The filter has no value after '{key}:'.")
        if key in _DATED:
            period(value)
        terms.append(FilterTerm(key, value, match["minus"] is not None))
    return DocumentFilter(tuple(terms))


def split_filter(text: str) -> tuple[str, str]:
    """Return a query without the words that have a key of filters, and these as a filter."""
    given = [
        match
        for match in _WORD.finditer(text)
        if (match["key"] or "").lower() in _MATCHES and (match["quoted"] or match["plain"])
    ]
    query = text
    for match in reversed(given):
        query = query[: match.start()] + query[match.end() :]
    return " ".join(query.split()), " ".join(match[0] for match in given)


def period(value: str) -> tuple[date, date]:
    """Return the first day of a year, month or day in ISO 8601, and the first one after it.

    ``2024-05..2024-07`` is from the one to the end of the other; either may be missing.

    Raises:
        InvalidRequest: it is no date.
    """
    first, dots, last = value.partition("..")
    if not dots:
        return _whole(value)
    if not first and not last:
        raise InvalidRequest("The filter's '..' has no date on either side.")
    begin = _whole(first)[0] if first else date.min
    return begin, _whole(last)[1] if last else date.max


def _whole(value: str) -> tuple[date, date]:
    match = _DAY.fullmatch(value)
    try:
        if match is None:
            raise ValueError
        year, month, day = int(match[1]), int(match[2] or 1), int(match[3] or 1)
        first = date(year, month, day)
        if match[3]:
            return first, first + timedelta(days=1)
        if match[2]:
            return first, date(year + month // 12, month % 12 + 1, 1)
        return first, date(year + 1, 1, 1)
    except (ValueError, OverflowError):
        raise InvalidRequest(
            f"The filter's date '{value}' is none: write 2024, 2024-05 or 2024-05-14."
        ) from None


def own_date(record: DocumentRecord) -> str | None:
    """Return the date that a document states, the latest one, as exact as it is; None without.

    ``2024``, ``2024-05`` or ``2024-05-14``.
    """
    stated = (record.properties.modified, record.properties.created)
    known = [each for each in stated if each and _first_day(each)]
    return max(known, key=lambda each: _first_day(each) or date.min)[:10] if known else None


def _first_day(stated: str) -> date | None:
    match = _DAY.match(stated)
    try:
        return date(int(match[1]), int(match[2] or 1), int(match[3] or 1)) if match else None
    except ValueError:
        return None


def _date_of(record: DocumentRecord) -> date:
    """Return the day that a document states, or else the one on which it was added."""
    stated = own_date(record)
    return (_first_day(stated) if stated else None) or record.added_at.date()


def _has_name(record: DocumentRecord, value: str) -> bool:
    name = compatible(record.name).lower()
    if "*" in value or "?" in value:
        return any(fnmatchcase(each, value) for each in (name, PurePosixPath(name).name))
    return value in name


def _is_in_folder(record: DocumentRecord, value: str) -> bool:
    folder = "/" + compatible(record.name).lower().rpartition("/")[0] + "/"
    return f"/{value.strip('/')}/" in folder


def _is_of_type(record: DocumentRecord, value: str) -> bool:
    ending = PurePosixPath(record.name).suffix.lower().lstrip(".")
    return ending in TYPES.get(value, (value.lstrip("."),))


def _has_author(record: DocumentRecord, value: str) -> bool:
    return any(value in compatible(each).lower() for each in record.properties.authors)


def _has_title(record: DocumentRecord, value: str) -> bool:
    return value in compatible(record.properties.title or "").lower()


def _has_keyword(record: DocumentRecord, value: str) -> bool:
    return any(value == compatible(each).lower() for each in record.properties.keywords)


def _has_language(record: DocumentRecord, value: str) -> bool:
    return (record.properties.language or "").lower().split("-")[0] == value.split("-")[0]


_MATCHES: Mapping[str, Callable[[DocumentRecord, str], bool]] = {
    "name": _has_name,
    "folder": _is_in_folder,
    "type": _is_of_type,
    "author": _has_author,
    "title": _has_title,
    "keyword": _has_keyword,
    "language": _has_language,
    "after": lambda record, value: _date_of(record) >= period(value)[0],
    "before": lambda record, value: _date_of(record) < period(value)[0],
    "date": lambda record, value: period(value)[0] <= _date_of(record) < period(value)[1],
    "added": lambda record, value: period(value)[0] <= record.added_at.date() < period(value)[1],
}
_DATED = frozenset(("after", "before", "date", "added"))
