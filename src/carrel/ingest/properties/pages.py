"""Properties of web pages, from their heads."""

from __future__ import annotations

from pathlib import Path

from lxml import etree

from carrel.core.document_properties import DocumentProperties
from carrel.ingest.mail.mail import parse_mail
from carrel.ingest.mail.mail_parts import decoded_body, header_text
from carrel.ingest.mail.web_archive import main_page
from carrel.ingest.properties.stated import Stated
from carrel.ingest.web.web import page_text

_HEAD_BYTES = 1 << 18
# The names that meta elements have for the same, as they are written for search engines, libraries
# (Dublin Core, Highwire) and social networks.
_TITLES = frozenset(("og:title", "dc.title", "dcterms.title", "citation_title", "twitter:title"))
_AUTHORS = frozenset(("author", "article:author", "dc.creator", "dcterms.creator")).union(
    ("citation_author", "book:author", "sailthru.author", "parsely-author")
)
_KEYWORDS = frozenset(("keywords", "article:tag", "dc.subject", "dcterms.subject", "news_keywords"))
_CREATED = frozenset(("article:published_time", "datepublished", "dc.date", "dcterms.date")).union(
    ("dc.date.issued", "dc.date.created", "dcterms.created", "dcterms.issued", "date", "created"),
    ("citation_publication_date", "citation_date", "pubdate", "og:published_time", "publish_date"),
)
_MODIFIED = frozenset(("article:modified_time", "datemodified", "dcterms.modified")).union(
    ("dc.date.modified", "og:updated_time", "last-modified", "revised", "changed"),
)
_LANGUAGES = frozenset(("content-language", "dc.language", "dcterms.language", "language"))


def page_properties(path: Path) -> DocumentProperties:
    """Return the properties of a page of HTML."""
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    stated = Stated()
    _take_head(stated, page_text(head))
    return stated.properties()


def saved_page_properties(path: Path) -> DocumentProperties:
    """Return the properties of a page saved as MHTML."""
    with path.open("rb") as stream:
        archive = parse_mail(stream)
    stated = Stated()
    if (page := main_page(archive)) is not None:
        _take_head(stated, decoded_body(page)[:_HEAD_BYTES])
    stated.title(header_text(archive, "Subject"))
    return stated.properties()


def _take_head(stated: Stated, text: str) -> None:
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    root = etree.fromstring(text.encode(errors="replace") or b"<html/>", parser)
    if root is None:
        return
    stated.title(root.findtext("head/title"))
    for element in root.iter("meta"):
        name = element.get("name") or element.get("property") or element.get("itemprop")
        name = (name or element.get("http-equiv") or "").strip().lower()
        value = element.get("content")
        if name in _TITLES:
            stated.title(value)
        elif name in _AUTHORS and not (value or "").startswith(("http:", "https:")):
            stated.author(value)
        elif name in _KEYWORDS:
            stated.keywords(value)
        elif name in _CREATED:
            stated.created(value)
        elif name in _MODIFIED:
            stated.modified(value)
        elif name in _LANGUAGES:
            stated.language(value)
    html = root if root.tag == "html" else root.find(".//html")
    if html is not None:
        stated.language(html.get("lang") or html.get("{http://www.w3.org/XML/1998/namespace}lang"))
