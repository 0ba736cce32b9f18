"""Detects mail headers at the beginning of a file."""

from __future__ import annotations

import re

_HEADER = re.compile(rb"From [^\r\n]{1,300}\r?\n|[A-Za-z][A-Za-z0-9-]{0,60}:[ \t]")
_END = re.compile(rb"\r?\n\r?\n")
_PARTS = re.compile(rb"^content-type:\s*multipart/", re.IGNORECASE | re.MULTILINE)
_MIME = re.compile(rb"^mime-version:\s*1", re.IGNORECASE | re.MULTILINE)
_SAVED = re.compile(
    rb"^(?:snapshot-content-location:|from:\s*<saved )", re.IGNORECASE | re.MULTILINE
)
_ENVELOPE = b"From "


def is_in_parts(head: bytes) -> bool:
    """Whether a file is a mail or a saved page of several parts, which is not readable as text."""
    headers = _headers(head)
    return _PARTS.search(headers) is not None and _MIME.search(headers) is not None


def is_saved_page(head: bytes) -> bool:
    """Whether the headers are those of pages saved by browsers."""
    return _SAVED.search(_headers(head)) is not None


def is_mailbox(head: bytes) -> bool:
    """Whether a file begins like a message in a mailbox."""
    return head.startswith(_ENVELOPE)


def _headers(head: bytes) -> bytes:
    """Return the headers that ``head`` contains; nothing if it begins with none."""
    return _END.split(head, 1)[0] if _HEADER.match(head) else b""
