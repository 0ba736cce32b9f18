"""Properties of old Office files: the summary stream of a compound file."""

from __future__ import annotations

import datetime
from pathlib import Path

import olefile

from carrel.core.document_properties import DocumentProperties
from carrel.ingest.properties.stated import Stated
from carrel.ingest.text.encoding import codec_named, decode

_MOST_SUMMARY_BYTES = 1 << 20
_SUMMARY = "\x05SummaryInformation"
# The property set's code page of UTF-8, and the one for UTF-16.
_UTF_8, _UTF_16 = 65001, 1200


def summary_properties(path: Path) -> DocumentProperties:
    """Return the summary of a compound file (MS-OLEPS, 2)."""
    stated = Stated()
    with olefile.OleFileIO(str(path)) as container:
        if not container.exists(_SUMMARY) or container.get_size(_SUMMARY) > _MOST_SUMMARY_BYTES:
            return stated.properties()
        summary = container.get_metadata()
    codec = _codec(summary.codepage)
    stated.title(_text(summary.title, codec))
    stated.author(_text(summary.author, codec))
    stated.keywords(_text(summary.keywords, codec))
    stated.created(_moment(summary.create_time))
    stated.modified(_moment(summary.last_saved_time))
    return stated.properties()


def _codec(page: int | None) -> str | None:
    # Signed in the file.
    number = (page or 0) & 0xFFFF
    if number == _UTF_8:
        return "utf-8"
    return "utf-16-le" if number == _UTF_16 else codec_named(f"cp{number}")


def _text(value: bytes | str | None, codec: str | None) -> str:
    if isinstance(value, bytes):
        return decode(value, codec).rstrip("\0")
    return value or ""


def _moment(value: object) -> datetime.datetime | None:
    # Times are in UTC; an empty one is the first moment of 1601.
    if not isinstance(value, datetime.datetime) or value.year <= 1601:
        return None
    return value.replace(tzinfo=datetime.UTC)
