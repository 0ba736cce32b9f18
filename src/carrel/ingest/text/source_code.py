"""Reader of source code and configuration files, line by line."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path

from carrel.core.documents import Section
from carrel.ingest.failures import checked_sections
from carrel.ingest.text.blocks import SECTION_CHARACTERS, heading_line
from carrel.ingest.text.text import text_lines

_TRIED_CHARACTERS = 500
_OPENINGS = " \t{:=("
# Comments and decorators directly above a definition belong to it.
_ABOVE = re.compile(r"@|#|//|/?\*|--|;|%|<!--|\[\w.*\]$|template\b")


class SourceCodeReader:
    """Reads source code unchanged; each top-level definition begins a section.

    Its first line is the heading. Comments directly above it are in its section.
    """

    def __init__(self, definition: re.Pattern[str] | None = None) -> None:
        """Take the pattern of a definition's first line; without it nothing has a heading.

        If it has a group ``name``, that is the heading instead of the line.
        """
        self._definition = definition

    @checked_sections
    def read(self, path: Path) -> Generator[Section]:
        """Yield the sections; there are no pages."""
        yield from self._sections(text_lines(path))

    def _sections(self, lines: Iterable[str]) -> Iterator[Section]:
        heading: str | None = None
        gathered: list[str] = []
        length = 0
        for line in lines:
            found = self._heading(line)
            if found is not None:
                above = _lines_above(gathered)
                yield _section(gathered[: len(gathered) - above], heading)
                gathered = gathered[len(gathered) - above :]
                length = sum(len(each) + 1 for each in gathered)
                heading = found
            elif length > SECTION_CHARACTERS:
                yield _section(gathered, heading)
                gathered, length = [], 0
            gathered.append(line)
            length += len(line) + 1
        yield _section(gathered, heading)

    def _heading(self, line: str) -> str | None:
        if self._definition is None or not line or line[0].isspace():
            return None
        match = self._definition.match(line[:_TRIED_CHARACTERS])
        if match is None:
            return None
        name = match.groupdict().get("name") or line[:_TRIED_CHARACTERS].rstrip(_OPENINGS)
        return heading_line(name.removesuffix("=>"))


def _lines_above(gathered: list[str]) -> int:
    """Return how many of the last lines are comments or decorators of the next definition."""
    count = 0
    for line in reversed(gathered):
        if not _ABOVE.match(line.strip()):
            break
        count += 1
    return count


def _section(lines: list[str], heading: str | None) -> Section:
    return Section("\n".join(lines).strip("\n"), heading=heading)
