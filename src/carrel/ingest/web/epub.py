"""Reader of EPUB books, chapter by chapter."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from lxml import etree

from carrel.core.documents import Section
from carrel.core.errors import EncryptedDocument, UnreadableDocument
from carrel.ingest.archives.package import require_sound_package
from carrel.ingest.failures import checked_sections
from carrel.ingest.web.web import page_sections, page_text

MOST_PART_BYTES = 64 << 20
_CONTAINER, _ENCRYPTION = "META-INF/container.xml", "META-INF/encryption.xml"
# The DRM scheme, by the file that only it leaves in the package.
_PROTECTIONS = {
    "META-INF/license.lcpl": "Readium LCP",
    "META-INF/sinf.xml": "Apple FairPlay",
    "META-INF/rights.xml": "Adobe DRM",
}
# Both only obfuscate fonts.
_FONT_ALGORITHMS = frozenset(
    ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
)
_PAGES = frozenset(("application/xhtml+xml", "text/html", "application/xml", "text/xml"))


class EPUBReader:
    """Reads EPUB: the chapters in reading order, each heading begins a section.

    A chapter is read like a web page, and so is the table of contents if it is one of the pages.
    Books have no fixed pages, so there are none here. Obfuscated fonts are harmless.
    """

    @checked_sections
    def read(self, path: Path) -> Generator[Section]:
        """Yield the sections of one chapter after the other."""
        require_sound_package(path)
        with zipfile.ZipFile(path) as archive:
            _refuse_protection(archive)
            for chapter in _chapters(archive):
                yield from page_sections(page_text(_part(archive, chapter)))


def _refuse_protection(archive: zipfile.ZipFile) -> None:
    names = set(archive.namelist())
    if _ENCRYPTION not in names:
        return
    parts = _xml(archive, _ENCRYPTION).iterfind(".//{*}EncryptedData")
    methods = [part.find("{*}EncryptionMethod") for part in parts]
    if all(each is not None and each.get("Algorithm") in _FONT_ALGORITHMS for each in methods):
        return
    owner = next((owner for name, owner in _PROTECTIONS.items() if name in names), "encryption")
    raise EncryptedDocument(
        f"it is copy protected ({owner}): add a copy without the protection, if you may"
    )


def _chapters(archive: zipfile.ZipFile) -> Iterator[str]:
    """Yield the parts with the chapters, in reading order and without duplicates."""
    rootfile = _xml(archive, _CONTAINER).find(".//{*}rootfile[@full-path]")
    if rootfile is None:
        raise UnreadableDocument("it is damaged: its list of chapters is missing")
    place = rootfile.get("full-path")
    package = _xml(archive, place)
    pages = {
        item.get("id"): item.get("href", "")
        for item in package.iterfind("{*}manifest/{*}item")
        if item.get("media-type") in _PAGES
    }
    seen = set()
    for entry in package.iterfind("{*}spine/{*}itemref"):
        address = pages.get(entry.get("idref"))
        chapter = _place_of(address, posixpath.dirname(place)) if address else None
        if chapter is not None and chapter not in seen:
            seen.add(chapter)
            yield chapter


def _place_of(address: str, folder: str) -> str:
    """Return the archive name of a relative address."""
    return posixpath.normpath(posixpath.join(folder, unquote(urlsplit(address).path)))


def _xml(archive: zipfile.ZipFile, name: str) -> Any:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True)
    return etree.fromstring(_part(archive, name), parser)


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > MOST_PART_BYTES:
        raise UnreadableDocument(
            f"a chapter of it would unpack to more than {MOST_PART_BYTES >> 20} MB"
        )
    return archive.read(name)
