"""Reader of JSON, as self-contained lines."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from carrel.core.documents import Section
from carrel.ingest.data.json_values import JsonValue, json_values
from carrel.ingest.data.line_sections import GROUP_CHARACTERS, sections_of_lines
from carrel.ingest.failures import checked_sections
from carrel.ingest.text.blocks import heading_line
from carrel.ingest.text.cleaning import clean_text, one_line
from carrel.ingest.text.text import text_blocks

# A path is repeated in every line.
_KEY_CHARACTERS = 100
_PATH_CHARACTERS = 300

Place = tuple[str | int, ...]


class JsonReader:
    """Reads JSON as lines ``path.to.key: value``; plain values of one list share a line.

    Each object in the outermost list is a record: its paths begin at it, a blank line follows it,
    and the path of the list is the heading. Several records make a section.
    """

    @checked_sections
    def read(self, path: Path) -> Generator[Section]:
        """Yield the sections; there are no pages."""
        yield from _sections(json_values(text_blocks(path)))


class JsonLinesReader:
    """Reads JSONL and NDJSON, one record per line, like a list of records in ``JsonReader``."""

    @checked_sections
    def read(self, path: Path) -> Generator[Section]:
        """Yield the sections; they have neither page nor heading."""
        yield from _sections(json_values(text_blocks(path), several=True))


@dataclass(frozen=True, slots=True)
class _Line:
    """A line and the path of its record; no path outside of records."""

    record: Place
    text: str


def _sections(values: Iterable[JsonValue]) -> Iterator[Section]:
    for heading, lines in groupby(_lines(values), key=lambda line: _dotted(line.record[:-1])):
        yield from sections_of_lines(_records(lines), heading=heading_line(heading))


def _records(lines: Iterable[_Line]) -> Iterator[str]:
    """Yield the records, each with a blank line after it; a long one in parts."""
    for _, each in groupby(lines, key=lambda line: line.record):
        gathered: list[str] = []
        length = 0
        for line in each:
            if gathered and length + len(line.text) > GROUP_CHARACTERS:
                yield "\n".join(gathered)
                gathered, length = [], 0
            gathered.append(line.text)
            length += len(line.text) + 1
        yield "\n".join(gathered) + "\n"


def _lines(values: Iterable[JsonValue]) -> Iterator[_Line]:
    for (record, label), each in groupby(values, key=_record_and_label):
        start = f"{label}: " if label else ""
        gathered: list[str] = []
        length = 0
        for value in each:
            text = clean_text(value.text).strip()
            if not text:
                continue
            if gathered and length + len(text) > GROUP_CHARACTERS:
                yield _Line(record, start + ", ".join(gathered))
                gathered, length = [], 0
            gathered.append(text)
            length += len(text) + 2
        if gathered:
            yield _Line(record, start + ", ".join(gathered))


def _record_and_label(value: JsonValue) -> tuple[Place, str]:
    """Return the path of the value's record, and the value's own path below it."""
    path = value.path
    while path and isinstance(path[-1], int):
        path = path[:-1]
    for index, part in enumerate(path):
        if isinstance(part, int):
            return path[: index + 1], _dotted(path[index + 1 :])
    return (), _dotted(path)


def _dotted(path: Place) -> str:
    text = ".".join(one_line(str(part)[:_KEY_CHARACTERS]) for part in path)
    return text if len(text) <= _PATH_CHARACTERS else "…" + text[1 - _PATH_CHARACTERS :]
