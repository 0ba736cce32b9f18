"""Reader of wiki exports, article by article."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path

import structlog

from carrel.core.documents import Section
from carrel.core.errors import UnreadableDocument
from carrel.core.log_reason import log_reason
from carrel.ingest.data.xml_text import XmlReader
from carrel.ingest.failures import checked_sections
from carrel.ingest.text.blocks import heading_line
from carrel.ingest.wiki.wiki_dump import RawPage, read_head, read_pages
from carrel.ingest.wiki.wiki_markup import article_parts
from carrel.ingest.wiki.wiki_page import Site, WikiPage, parse_page, site_of

_HEAD_BYTES = 1_000
_ROOT = b"<mediawiki"

log = structlog.get_logger()


class WikiOrXmlReader:
    """Reads MediaWiki's exports as articles without markup, and other XML by its elements.

    Redirects, discussions and other pages that are not articles are skipped. A heading is the
    article's title and the path of its sections: ``Aachen — History — Middle Ages``.
    """

    def __init__(self) -> None:
        self._other = XmlReader()

    def read(self, path: Path) -> Iterator[Section]:
        """Yield the sections; there are no pages."""
        return self._checked(path)

    @checked_sections
    def _checked(self, path: Path) -> Generator[Section]:
        with path.open("rb") as stream:
            export = _ROOT in stream.read(_HEAD_BYTES)
        yield from _articles(path) if export else self._other.read(path)


def _articles(path: Path) -> Iterator[Section]:
    site = site_of(read_head(path))
    with closing(read_pages(path)) as pages:
        for raw in pages:
            page = article_of(raw)
            if page is not None:
                yield from article_sections(page, site)


def article_of(raw: RawPage) -> WikiPage | None:
    """Return the page if it is an article; a damaged one is logged and skipped."""
    try:
        page = parse_page(raw.xml)
    except UnreadableDocument as error:
        log.info("document.wiki_page_left_out", reason=log_reason(error))
        return None
    return page if page.is_article else None


def article_sections(page: WikiPage, site: Site) -> Iterator[Section]:
    """Yield the sections of an article, each with its heading as first line."""
    for path, text in article_parts(page.text, site.hidden):
        heading = heading_line(f"{page.title} — {path}" if path else page.title)
        yield Section(f"{heading}\n\n{text}", heading=heading)
