"""Properties of Office, OpenDocument and EPUB files."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from carrel.core.document_properties import DocumentProperties
from carrel.ingest.archives.package import part_root
from carrel.ingest.properties.stated import Stated

_MOST_PART_BYTES = 1 << 20
_CORE = "docProps/core.xml"
_EVENT = "{http://www.idpf.org/2007/opf}event"


def office_properties(path: Path) -> DocumentProperties:
    """Return the core properties of Open XML (ECMA-376, part 2, 11)."""
    stated = Stated()
    with zipfile.ZipFile(path) as archive:
        values = _values(part_root(archive, _core_part(archive), _MOST_PART_BYTES))
    for name, text, _ in values:
        match name:
            case "title":
                stated.title(text)
            case "creator":
                stated.author(text)
            case "keywords":
                stated.keywords(text)
            case "created":
                stated.created(text)
            case "modified":
                stated.modified(text)
            case "language":
                stated.language(text)
    return stated.properties()


def open_document_properties(path: Path) -> DocumentProperties:
    """Return the metadata of OpenDocument (ISO 26300, part 3, 4.3)."""
    stated = Stated()
    with zipfile.ZipFile(path) as archive:
        values = list(_values(part_root(archive, "meta.xml", _MOST_PART_BYTES)))
    # The creator is who saved the last version.
    first = any(name == "initial-creator" and text.strip() for name, text, _ in values)
    for name, text, _ in values:
        match name:
            case "title":
                stated.title(text)
            case "initial-creator":
                stated.author(text)
            case "creator" if not first:
                stated.author(text)
            case "keyword":
                stated.keywords(text)
            case "creation-date":
                stated.created(text)
            case "date":
                stated.modified(text)
            case "language":
                stated.language(text)
    return stated.properties()


def book_properties(path: Path) -> DocumentProperties:
    """Return the metadata of an EPUB package, 2 or 3."""
    stated = Stated()
    with zipfile.ZipFile(path) as archive:
        container = part_root(archive, "META-INF/container.xml", _MOST_PART_BYTES)
        root = None if container is None else container.find(".//{*}rootfile[@full-path]")
        package = None
        if root is not None:
            package = part_root(
                archive, posixpath.normpath(root.get("full-path")), _MOST_PART_BYTES
            )
    metadata = None if package is None else package.find("{*}metadata")
    for name, text, element in _values(metadata):
        match name:
            case "title":
                stated.title(text)
            case "creator":
                stated.author(text)
            case "subject":
                stated.keywords(text)
            case "date" if element.get(_EVENT) == "modification":
                stated.modified(text)
            case "date":
                stated.created(text)
            case "meta" if element.get("property") == "dcterms:modified":
                stated.modified(text)
            case "language":
                stated.language(text)
    return stated.properties()


def _core_part(archive: zipfile.ZipFile) -> str:
    """Return the name of the part with the core properties, which a relationship gives."""
    relations = part_root(archive, "_rels/.rels", _MOST_PART_BYTES)
    for each in () if relations is None else relations:
        if str(each.get("Type", "")).lower().endswith("/core-properties"):
            return str(each.get("Target", _CORE)).lstrip("/")
    return _CORE


def _values(root: Any) -> Iterator[tuple[str, str, Any]]:
    """Yield local name, text and element of each property."""
    for element in () if root is None else root.iter():
        if isinstance(element.tag, str) and len(element) == 0 and element.text:
            yield element.tag.rpartition("}")[2], element.text, element
