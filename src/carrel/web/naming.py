"""Names and suffixes of documents from the web."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable
from email.message import Message
from pathlib import PurePosixPath
from urllib.parse import unquote

from carrel.core.document_names import document_name
from carrel.core.documents import READABLE
from carrel.core.errors import InvalidRequest, UnsupportedFormat
from carrel.web.address import WebAddress
from carrel.web.fetching import Answer

PAGE_TYPES = frozenset(("text/html", "application/xhtml+xml"))
_SUFFIXES: dict[str, tuple[str, ...]] = {
    "text/html": (".html", ".htm"),
    "application/xhtml+xml": (".html", ".htm"),
    "application/pdf": (".pdf",),
}
"""Media types that are reliable: the name gets this suffix."""

_USUAL_SUFFIXES = {
    "text/plain": ".txt",
    "text/markdown": ".md",
    "text/csv": ".csv",
    "text/xml": ".xml",
    "application/xml": ".xml",
    "application/rss+xml": ".xml",
    "application/atom+xml": ".xml",
    "application/json": ".json",
    "application/ld+json": ".json",
    "application/rtf": ".rtf",
    "application/epub+zip": ".epub",
    "application/zip": ".zip",
    "application/gzip": ".gz",
    "application/x-tar": ".tar",
    "application/msword": ".doc",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.ms-powerpoint": ".ppt",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.oasis.opendocument.text": ".odt",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
    "application/vnd.oasis.opendocument.presentation": ".odp",
    "message/rfc822": ".eml",
    "text/calendar": ".ics",
    "text/vcard": ".vcf",
    "text/vtt": ".vtt",
    "image/svg+xml": ".svg",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/tiff": ".tiff",
    "image/webp": ".webp",
    "image/heic": ".heic",
    "image/heif": ".heif",
    "image/avif": ".avif",
    "image/gif": ".gif",
}
"""Suffixes for names without one: servers label many things text or XML."""

# The module's own table and not the machine's files, so that all machines agree.
_KNOWN_TYPES = mimetypes.MimeTypes()

Supports = Callable[[str], bool]
"""Whether a document of this name can be read."""


class DocumentNames:
    """Names the documents of one request, without duplicates."""

    def __init__(self, supports: Supports) -> None:
        self._supports = supports
        self._given: set[str] = set()

    def short(self, answer: Answer) -> str:
        """Return a name from the header or the URL's last part, with the host if that is taken.

        Raises:
            UnsupportedFormat: no reader for documents of this type.
        """
        proposed = _attachment_name(answer) or _last_part(answer.address)
        name = self._with_suffix(proposed or answer.address.host, answer)
        return self._unique(name if name not in self._given else self._long(answer))

    def long(self, answer: Answer) -> str:
        """Return a name from host and path, which is the same for every crawl.

        Raises:
            UnsupportedFormat: no reader for documents of this type.
        """
        return self._unique(self._long(answer))

    def _long(self, answer: Answer) -> str:
        address = answer.address
        parts = [each for each in unquote(address.path).split("/") if each not in {"", ".", ".."}]
        if address.path.endswith("/"):
            parts.append("index")
        query = f"?{unquote(address.query)}".replace("/", "_") if address.query else ""
        return self._with_suffix("/".join([address.host, *parts]) + query, answer)

    def _with_suffix(self, proposed: str, answer: Answer) -> str:
        kind = answer.content_type
        required = _SUFFIXES.get(kind)
        if required is not None:
            fits = PurePosixPath(proposed).suffix.lower() in required
            suffix = "" if fits else required[0]
        elif self._supports(proposed):
            suffix = ""
        else:
            suffix = _USUAL_SUFFIXES.get(kind, "")
        # Cut the beginning of a long name rather than its suffix.
        name = document_name(document_name(proposed)[: 255 - len(suffix)] + suffix)
        if not self._supports(name):
            described = f"its server calls it {kind[:100]}" if kind else "its server gives no type"
            raise UnsupportedFormat(f"{described}: Carrel reads {READABLE}")
        return name

    def _unique(self, name: str) -> str:
        path = PurePosixPath(name)
        unique, count = name, 1
        while unique in self._given:
            count += 1
            unique = str(path.with_name(f"{path.stem[:240]} ({count}){path.suffix}"))
        self._given.add(unique)
        return unique


def may_be_document(address: WebAddress, supports: Supports) -> bool:
    """Whether a link may lead to a readable document, as far as its name says."""
    if supports(_last_part(address)):
        return True
    guessed = _KNOWN_TYPES.guess_type(address.path)[0]
    return guessed is None or guessed in PAGE_TYPES


def _last_part(address: WebAddress) -> str:
    return _clean(unquote(address.path).rpartition("/")[2])


def _attachment_name(answer: Answer) -> str:
    """Return the file name in the header ``Content-Disposition``, without folders."""
    message = Message()
    message["Content-Disposition"] = answer.headers.get("content-disposition", "")
    try:
        named = message.get_filename("")
    except (UnicodeError, LookupError, ValueError):
        return ""
    return _clean(named.replace("\\", "/").rpartition("/")[2])


def _clean(name: str) -> str:
    try:
        return document_name(name)
    except InvalidRequest:
        return ""
