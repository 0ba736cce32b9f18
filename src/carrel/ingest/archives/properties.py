"""Title, author, dates and keywords of documents in zip packages."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from carrel.core.documents import Section
from carrel.ingest.archives.package import part_root
from carrel.ingest.text.cleaning import one_line

_MOST_PART_BYTES = 1 << 20
_MOST_CHARACTERS = 1_000
# Core properties of Office (ECMA-376, part 2, 11) and the metadata of OpenDocument (part 3, 4).
_PARTS = ("docProps/core.xml", "meta.xml")
# The names that the formats have for the same, by its label.
_LABELS = (
    ("Title", ("title",)),
    ("Subject", ("subject",)),
    ("Author", ("creator", "initial-creator")),
    ("Keywords", ("keywords", "keyword")),
    ("Created", ("created", "creation-date")),
    ("Modified", ("modified", "date")),
)
# Programs fill in the others by themselves.
_WRITTEN = frozenset(("Title", "Subject", "Keywords"))
_DATES = frozenset(("Created", "Modified"))
_DATE_CHARACTERS = len("2024-12-31")


def after_properties(package: IO[bytes] | Path, sections: Iterator[Section]) -> Iterator[Section]:
    """Yield a section of the properties, on the first page, before those of a document with text.

    There is none where nobody wrote a title, a subject or keywords.
    """
    begun = False
    for section in sections:
        if not begun and section.text.strip():
            begun = True
            if lines := _property_lines(package):
                yield Section("\n".join(lines), section.page, None, section.page_count)
        yield section


def _property_lines(package: IO[bytes] | Path) -> list[str]:
    with zipfile.ZipFile(package) as archive:
        roots = [part_root(archive, name, _MOST_PART_BYTES) for name in _PARTS]
    return _lines_of(element for root in roots if root is not None for element in root.iter())


def _lines_of(elements: Iterator[Any]) -> list[str]:
    """Return the lines of the elements that are properties, by their local names."""
    found: dict[str, list[str]] = {}
    for element in elements:
        text = one_line(element.text or "")[:_MOST_CHARACTERS] if len(element) == 0 else ""
        if text and isinstance(element.tag, str):
            found.setdefault(element.tag.rpartition("}")[2], []).append(text)
    lines = {}
    for label, names in _LABELS:
        values = next((found[name] for name in names if name in found), [])
        if label in _DATES:
            values = [value[:_DATE_CHARACTERS] for value in values[:1]]
        if values:
            lines[label] = f"{label}: {', '.join(dict.fromkeys(values))}"
    return list(lines.values()) if _WRITTEN & lines.keys() else []
