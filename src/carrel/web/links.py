"""Links of a page."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

from carrel.core.errors import AddressRefused
from carrel.web.address import LONGEST_ADDRESS, WebAddress

_MOST_READ = 8_000_000
"""Maximum bytes of a page that are searched; later bytes are text, not navigation."""

_MOST_LINKS = 10_000

# A tag ends at the next angle bracket, so that the search never backtracks.
_TAG = re.compile(r"<(a|area|base|meta)\s([^<>]*)>", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    r"""([a-z-]{1,20})\s{0,9}=\s{0,9}(?:"([^"]*)"|'([^']*)'|([^\s"'<>]+))""", re.IGNORECASE
)
_COMMENT = re.compile(r"<!--|-->")


def page_links(path: Path, address: WebAddress) -> list[WebAddress]:
    """Return the links of a page, without duplicates, in order.

    Links that the page marks ``nofollow`` are left out.
    """
    with path.open("rb") as stream:
        text = stream.read(_MOST_READ).decode("utf-8", errors="replace")
    found: dict[WebAddress, None] = {}
    base = address
    for tag, attributes in _tags(text):
        if tag == "meta":
            if attributes.get("name", "").lower() == "robots" and _forbids(
                attributes.get("content", "")
            ):
                return []
            continue
        reference = attributes.get("href", "")
        if not reference or len(reference) > LONGEST_ADDRESS:
            continue
        try:
            target = base.join(reference)
        except AddressRefused:
            continue
        if tag == "base":
            base = target
        elif not _forbids(attributes.get("rel", "")):
            found[target] = None
        if len(found) == _MOST_LINKS:
            break
    return list(found)


def _forbids(words: str) -> bool:
    return not {"nofollow", "none"}.isdisjoint(re.split(r"[\s,]+", words.lower()))


def _tags(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the relevant tags outside comments, with their attributes."""
    for part in _outside_comments(text):
        for match in _TAG.finditer(part):
            attributes: dict[str, str] = {}
            for name, *values in _ATTRIBUTE.findall(match[2]):
                attributes.setdefault(name.lower(), html.unescape("".join(values)))
            yield match[1].lower(), attributes


def _outside_comments(text: str) -> Iterator[str]:
    start, inside = 0, False
    for mark in _COMMENT.finditer(text):
        if inside == (mark[0] == "-->"):
            if not inside:
                yield text[start : mark.start()]
            start, inside = mark.end(), not inside
    if not inside:
        yield text[start:]
