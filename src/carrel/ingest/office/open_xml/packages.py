"""Packages of Office Open XML: the strict form, and markup that offers alternatives."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from carrel.ingest.archives.package import require_sound_package

COMPATIBILITY = "http://schemas.openxmlformats.org/markup-compatibility/2006"
ALTERNATIVES = f"{{{COMPATIBILITY}}}AlternateContent"
RELATIONSHIPS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"

_CHOICE, _FALLBACK = f"{{{COMPATIBILITY}}}Choice", f"{{{COMPATIBILITY}}}Fallback"
_ROOT_PART = "_rels/.rels"
# Namespaces of the strict form (ISO/IEC 29500-1) and of the one that libraries know (29500-4).
_STRICT = b"http://purl.oclc.org/ooxml/"
_NAMESPACE = re.compile(re.escape(_STRICT) + rb"(\w+)/([\w/]*)")
_OTHER_NAMES = {
    b"relationships/extendedProperties": b"relationships/extended-properties",
    b"relationships/customProperties": b"relationships/custom-properties",
    b"extendedProperties": b"extended-properties",
    b"customProperties": b"custom-properties",
}
_XML_ENDINGS = (".xml", ".rels", ".vml")
_BLOCK = 1 << 20
_LONGEST_NAMESPACE = 200


@contextmanager
def opened_package(path: Path) -> Iterator[IO[bytes]]:
    """Open a package for reading; one in the strict form is rewritten to the ordinary one.

    Raises:
        UnreadableDocument: it would unpack to an absurd size, or is encrypted.
        zipfile.BadZipFile: its directory is damaged.
    """
    require_sound_package(path)
    with path.open("rb") as stream:
        if not _is_strict(path):
            yield stream
            return
        with TemporaryFile() as ordinary:
            _rewrite(stream, ordinary)
            ordinary.seek(0)
            yield ordinary


def chosen_alternative(element: Any) -> Any:
    """Return the first form of ``AlternateContent`` that has content, else the fallback.

    The forms show the same: newer programs read a choice, older ones the fallback.
    """
    choices = [each for each in element.iterchildren(_CHOICE) if len(each)]
    return choices[0] if choices else element.find(_FALLBACK)


def resolve_alternatives(root: Any) -> None:
    """Put the chosen form in the place of every ``AlternateContent``, for libraries."""
    for element in list(root.iter(ALTERNATIVES)):
        parent = element.getparent()
        chosen = chosen_alternative(element)
        if parent is None:
            continue
        for child in list(chosen) if chosen is not None else ():
            element.addprevious(child)
        parent.remove(element)


def _is_strict(path: Path) -> bool:
    with zipfile.ZipFile(path) as archive:
        if _ROOT_PART not in archive.namelist():
            return False
        with archive.open(_ROOT_PART) as stream:
            return _STRICT in stream.read(_BLOCK)


def _rewrite(source: IO[bytes], target: IO[bytes]) -> None:
    with zipfile.ZipFile(source) as archive, zipfile.ZipFile(target, "w") as ordinary:
        for entry in archive.infolist():
            with archive.open(entry) as stream, ordinary.open(entry.filename, "w") as copy:
                if entry.filename.endswith(_XML_ENDINGS):
                    _rewrite_part(stream, copy)
                else:
                    while block := stream.read(_BLOCK):
                        copy.write(block)


def _rewrite_part(stream: IO[bytes], copy: IO[bytes]) -> None:
    rest = b""
    while block := stream.read(_BLOCK):
        data = rest + block
        # A namespace may be cut at the end of a block; it ends with a quotation mark.
        cut = max(data.rfind(b'"'), data.rfind(b"'"), len(data) - _LONGEST_NAMESPACE)
        copy.write(_NAMESPACE.sub(_ordinary, data[:cut]))
        rest = data[cut:]
    copy.write(_NAMESPACE.sub(_ordinary, rest))


def _ordinary(match: re.Match[bytes]) -> bytes:
    name = _OTHER_NAMES.get(match[2], match[2])
    return b"http://schemas.openxmlformats.org/%b/2006/%b" % (match[1], name)
