"""Reader of contacts (vCard 2.1 to 4.0), card by card."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path

from carrel.core.documents import Section
from carrel.core.errors import UnreadableDocument
from carrel.ingest.data.content_lines import ContentLine, content_lines
from carrel.ingest.data.line_sections import sections_of_lines
from carrel.ingest.failures import checked_sections
from carrel.ingest.text.text import text_lines

# In output order.
_LABELS = {
    "NICKNAME": "Nickname",
    "ORG": "Organization",
    "TITLE": "Title",
    "ROLE": "Role",
    "TEL": "Telephone",
    "EMAIL": "E-mail",
    "ADR": "Address",
    "URL": "Web",
    "BDAY": "Birthday",
    "CATEGORIES": "Categories",
    "NOTE": "Note",
}
_IN_PARTS = ("ADR", "ORG")
_WHERE = re.compile(r"\b(home|work|cell|fax)\b", re.IGNORECASE)
_SCHEME = re.compile(r"^(?:tel|mailto):", re.IGNORECASE)
_DAY = re.compile(r"(\d{4})(\d\d)(\d\d)")
_MOST_VALUES = 1_000


class ContactReader:
    """Reads contacts, each a line ``Name: …; Telephone (work): …``; images are skipped."""

    @checked_sections
    def read(self, path: Path) -> Generator[Section]:
        """Yield sections of several contacts each; they have neither page nor heading.

        Raises:
            UnreadableDocument: there is no contact in it.
        """
        yield from sections_of_lines(_rows(content_lines(text_lines(path))))


def _rows(lines: Iterable[ContentLine]) -> Iterator[str]:
    values: dict[str, list[str]] = {}
    anything = begun = False
    for line in lines:
        anything = True
        if line.name in ("BEGIN", "END") and line.value.strip().upper() == "VCARD":
            begun = True
            # Without an end, a card ends where the next one begins.
            yield from _row(values)
            values = {}
        elif begun and line.name in (*_LABELS, "FN", "N"):
            label, text = _labelled(line)
            several = values.setdefault(label, [])
            if text and text not in several and len(several) < _MOST_VALUES:
                several.append(text)
    yield from _row(values)
    if anything and not begun:
        raise UnreadableDocument(
            'it holds no contacts: no line in it is "BEGIN:VCARD"; '
            "rename it to end in .txt if it is text"
        )


def _row(values: dict[str, list[str]]) -> Iterator[str]:
    name = values.pop("FN", [])[:1] or values.pop("N", [])
    values.pop("N", None)
    parts = [f"Name: {each}" for each in name]
    for label in _LABELS.values():
        for key, several in values.items():
            if several and key.partition(" (")[0] == label:
                parts.append(f"{key}: {', '.join(several)}")
    if parts:
        yield "; ".join(parts)


def _labelled(line: ContentLine) -> tuple[str, str]:
    """Return the label and value of a line."""
    if line.name == "FN":
        return "FN", line.text
    if line.name == "N":
        family, given, middle, before, after = [*line.parts, "", "", "", "", ""][:5]
        return "N", " ".join(part for part in (before, given, middle, family, after) if part)
    label = _LABELS[line.name]
    # Version 2.1 has the kind as a parameter without a value.
    kinds = [value or key for key, value in line.parameters.items() if key == "TYPE" or not value]
    if where := _WHERE.search(" ".join(kinds)):
        label = f"{label} ({where[1].lower()})"
    if line.name in _IN_PARTS:
        return label, ", ".join(part for part in line.parts if part)
    text = _SCHEME.sub("", line.text)
    if line.name == "BDAY" and (day := _DAY.fullmatch(text)):
        text = "-".join(day.groups())
    return label, text
