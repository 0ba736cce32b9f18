"""Properties of PDF: the document information, and the metadata in XMP."""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdfium2.raw as pdfium
from lxml import etree

from carrel.core.document_properties import DocumentProperties
from carrel.ingest.pdf.pdf import PDFIUM_LOCK, opened
from carrel.ingest.properties.stated import Stated

_BEGIN, _END = b"<x:xmpmeta", b"</x:xmpmeta>"
_MOST_XMP_BYTES = 1 << 20
_MOST_LANGUAGE_CHARACTERS = 64
_LIST_ITEM = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}li"


def pdf_properties(path: Path) -> DocumentProperties:
    """Return the properties; what the newer XMP states goes before the document information."""
    with PDFIUM_LOCK:
        document = opened(path)
        try:
            info = document.get_metadata_dict(skip_empty=True)
            language = _language(document)
        finally:
            document.close()
    newer, older = Stated(), Stated()
    for name, text in _xmp_values(path):
        _take(newer, name, text)
    for name, text in (*info.items(), ("language", language)):
        _take(older, name.lower(), text)
    return DocumentProperties.of(older.properties().values() | newer.properties().values())


def _take(stated: Stated, name: str, text: str) -> None:
    match name:
        case "title":
            stated.title(text)
        case "creator.xmp" | "author":
            stated.author(text)
        case "subject.xmp" | "keywords":
            stated.keywords(text)
        case "createdate" | "creationdate":
            stated.created(text)
        case "modifydate" | "moddate":
            stated.modified(text)
        case "language":
            stated.language(text)


def _language(document: Any) -> str:
    """Return the language of the catalog (ISO 32000-1, 14.9.2)."""
    buffer = ctypes.create_string_buffer(2 * _MOST_LANGUAGE_CHARACTERS)
    length = pdfium.FPDFCatalog_GetLanguage(
        document, ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)), len(buffer)
    )
    if not 2 < length <= len(buffer):
        return ""
    return buffer.raw[: length - 2].decode("utf-16-le", errors="replace")


def _xmp_values(path: Path) -> Iterator[tuple[str, str]]:
    """Yield names and texts of the document's XMP packet.

    Packets are neither compressed nor encrypted, so that programs can find them. Pictures may have
    their own: of several, none is certainly the document's.
    """
    with (
        path.open("rb") as stream,
        mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data,
    ):
        begin = data.find(_BEGIN)
        if begin < 0 or data.find(_BEGIN, begin + 1) >= 0:
            return
        end = data.find(_END, begin, begin + _MOST_XMP_BYTES)
        packet = data[begin : end + len(_END)] if end >= 0 else b""
    if not packet:
        return
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True)
    root = etree.fromstring(packet, parser)
    for element in () if root is None else root.iter("{*}Description"):
        for attribute, value in element.attrib.items():
            yield _name(attribute), value
        for child in element:
            if isinstance(child.tag, str):
                items = [each.text or "" for each in child.iter(_LIST_ITEM)]
                yield from ((_name(child.tag), text) for text in items or [child.text or ""])


def _name(tag: str) -> str:
    """Return a local name; two of XMP's names mean something else in the information."""
    local = tag.rpartition("}")[2].lower()
    return f"{local}.xmp" if local in ("creator", "subject") else local
