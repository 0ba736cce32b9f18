"""Reader of saved web pages in one file (MHTML, RFC 2557)."""

from __future__ import annotations

from collections.abc import Generator
from email.message import Message
from pathlib import Path

from carrel.core.documents import Section
from carrel.core.errors import UnreadableDocument
from carrel.ingest.failures import checked_sections
from carrel.ingest.mail.mail import parse_mail
from carrel.ingest.mail.mail_parts import decoded_body
from carrel.ingest.web.web import page_sections


class WebArchiveReader:
    """Reads MHTML: the main page, like ``WebReader``; frames and images are skipped."""

    @checked_sections
    def read(self, path: Path) -> Generator[Section]:
        """Yield the sections of the page; there are no page numbers."""
        with path.open("rb") as stream:
            page = main_page(parse_mail(stream))
        if page is None:
            raise UnreadableDocument("it is damaged, or no saved web page: no part of it is a page")
        yield from page_sections(decoded_body(page))


def main_page(archive: Message) -> Message | None:
    """Return the archive's main part: the named one, else the first page."""
    pages = [part for part in archive.walk() if _is_page(part)]
    start = archive.get_param("start")
    named = (part for part in pages if start and part.get("Content-ID") == start)
    return next(named, pages[0] if pages else None)


def _is_page(part: Message) -> bool:
    return part.get_content_type() in ("text/html", "application/xhtml+xml")
