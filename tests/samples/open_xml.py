"""Parts of Office Open XML packages, changed by tests."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

_NAMESPACE = re.compile(
    rb"http://schemas\.openxmlformats\.org/"
    rb"(officeDocument|wordprocessingml|spreadsheetml|presentationml|drawingml)/2006/([\w/-]+)"
)
_RENAMED = {b"relationships/extended-properties": b"relationships/extendedProperties"}


def parts_of(path: Path) -> dict[str, bytes]:
    """Return the parts of a package by name."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def strict_form(parts: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the parts with the namespaces of ISO/IEC 29500-1, as "Strict Open XML" is saved."""

    def strict(match: re.Match[bytes]) -> bytes:
        name = _RENAMED.get(match[2], match[2])
        return b"http://purl.oclc.org/ooxml/%b/%b" % (match[1], name)

    return {
        name: _NAMESPACE.sub(strict, data) if name.endswith((".xml", ".rels")) else data
        for name, data in parts.items()
        if name != "[Content_Types].xml"
    } | {"[Content_Types].xml": parts["[Content_Types].xml"]}
