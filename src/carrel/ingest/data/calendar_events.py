"""Reader of calendars (iCalendar, RFC 5545), event by event."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from carrel.core.documents import Section
from carrel.core.errors import UnreadableDocument
from carrel.ingest.data.content_lines import ContentLine, content_lines
from carrel.ingest.data.line_sections import sections_of_lines
from carrel.ingest.failures import checked_sections
from carrel.ingest.text.blocks import heading_line
from carrel.ingest.text.text import text_lines

_ENTRIES = {"VEVENT": "Event", "VTODO": "Task", "VJOURNAL": "Note"}
# In output order; free text comes last.
_LABELS = {
    "DTSTART": "Start",
    "DTEND": "End",
    "DURATION": "Duration",
    "DUE": "Due",
    "RRULE": "Repeats",
    "LOCATION": "Location",
    "ORGANIZER": "Organizer",
    "ATTENDEE": "Attendees",
    "CATEGORIES": "Categories",
    "STATUS": "Status",
    "URL": "Web",
    "COMMENT": "Comment",
    "DESCRIPTION": "Description",
}
_PEOPLE = ("ORGANIZER", "ATTENDEE")
_TIMES = ("DTSTART", "DTEND", "DUE")
_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d\d(Z?))?")
_MOST_VALUES = 1_000


class CalendarReader:
    """Reads the events, tasks and notes of a calendar, each a line ``Event: …; Start: …``.

    The heading is the name of the calendar, if it has one. Alarms and attachments are skipped, and
    a recurring event is read once, with its rule.
    """

    @checked_sections
    def read(self, path: Path) -> Generator[Section]:
        """Yield sections of several events each; there are no pages.

        Raises:
            UnreadableDocument: it is no calendar.
        """
        calendar = _Calendar()
        for section in sections_of_lines(calendar.entries(content_lines(text_lines(path)))):
            yield replace(section, heading=heading_line(calendar.name))
        if not calendar.begun and calendar.other:
            raise UnreadableDocument(
                'it is no calendar: no line in it is "BEGIN:VCALENDAR"; '
                "rename it to end in .txt if it is text"
            )


@dataclass
class _Entry:
    kind: str
    values: dict[str, list[str]] = field(default_factory=dict)

    def add(self, line: ContentLine) -> None:
        values = self.values.setdefault(line.name, [])
        if (text := _text_of(line)) and len(values) < _MOST_VALUES:
            values.append(text)

    def row(self) -> str:
        parts = [f"{self.kind}: {', '.join(self.values.get('SUMMARY', [])) or 'without a title'}"]
        for name, label in _LABELS.items():
            if values := self.values.get(name):
                parts.append(f"{label}: {', '.join(values)}")
        return "; ".join(parts)


class _Calendar:
    """Parser state."""

    def __init__(self) -> None:
        self.name = ""
        self.begun = False
        self.other = False

    def entries(self, lines: Iterable[ContentLine]) -> Iterator[str]:
        """Yield a row per entry, including one that is cut off at the end of the file."""
        entry: _Entry | None = None
        # An alarm inside an event has its own description.
        inside: list[str] = []
        for line in lines:
            self.other = True
            value = line.value.strip().upper()
            if line.name == "BEGIN":
                self.begun = self.begun or value == "VCALENDAR"
                if entry is not None:
                    inside.append(value)
                elif value in _ENTRIES:
                    entry = _Entry(_ENTRIES[value])
            elif line.name == "END" and inside:
                inside.pop()
            elif line.name == "END" and entry is not None:
                yield entry.row()
                entry = None
            elif line.name == "X-WR-CALNAME":
                self.name = line.text
            elif entry is not None and not inside and line.name in (*_LABELS, "SUMMARY"):
                entry.add(line)
        if entry is not None and entry.values:
            yield entry.row()


def _text_of(line: ContentLine) -> str:
    if line.name in _PEOPLE:
        address = re.sub(r"^mailto:", "", line.text, flags=re.IGNORECASE)
        name = line.parameters.get("CN", "")
        return f"{name} <{address}>" if name and name != address else address
    if line.name in _TIMES and (time := _TIME.fullmatch(line.value.strip())):
        year, month, day, hour, minute, utc = time.groups()
        if hour is None:
            return f"{year}-{month}-{day}"
        zone = " UTC" if utc else f" {line.parameters.get('TZID', '')}"
        return f"{year}-{month}-{day} {hour}:{minute}{zone}".rstrip()
    return line.text
