"""Reader of Markdown."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path

from carrel.core.documents import Section
from carrel.ingest.failures import checked_sections
from carrel.ingest.text.blocks import Block, sections_by_heading
from carrel.ingest.text.text import text_lines

_FENCE = re.compile(r" {0,3}(?P<mark>`{3,}|~{3,})(?P<info>.*)$")
_HASHES = re.compile(r" {0,3}#{1,6}(?=[ \t]|$)")
_UNDERLINE = re.compile(r" {0,3}(?:=+|-+)[ \t]*$")
# A line that cannot be the text of an underlined heading: a list, quote, table or indented line.
_NOT_A_TITLE = re.compile(r"\s*$|\t| {4}|\s*(?:[-*+>|]|\d+[.)]\s)")
_FRONT_MATTER = "---"


class MarkdownReader:
    """Reads Markdown unrendered; each heading begins a section.

    A line with ``#`` inside fenced code is no heading, and neither is the front matter between two
    ``---`` at the top.
    """

    @checked_sections
    def read(self, path: Path) -> Generator[Section]:
        """Yield the sections, each with its heading as title; there are no pages."""
        yield from sections_by_heading(markdown_blocks(text_lines(path)))


def markdown_blocks(lines: Iterable[str]) -> Iterator[Block]:
    """Yield headings without their markup, and paragraphs with a blank line after them."""
    scanner = _Scanner()
    for line in lines:
        yield from scanner.feed(line)
    yield from scanner.finish()


class _Scanner:
    """Finds headings line by line; tracks code blocks and front matter."""

    def __init__(self) -> None:
        self._paragraph: list[str] = []
        self._fence: str | None = None
        self._at_top = True
        self._in_front_matter = False

    def feed(self, line: str) -> Iterator[Block]:
        if self._verbatim(line):
            self._paragraph.append(line)
        elif (hashes := _HASHES.match(line)) is not None:
            yield from self.finish()
            yield Block(_without_closing_hashes(line[hashes.end() :].strip()), heading=True)
        elif self._underlines(line):
            title = self._paragraph.pop().strip()
            yield from self.finish()
            yield Block(title, heading=True)
        elif line.strip():
            self._paragraph.append(line)
        else:
            yield from self.finish()

    def finish(self) -> Iterator[Block]:
        """End the paragraph."""
        if self._paragraph:
            yield Block("\n".join(self._paragraph) + "\n")
            self._paragraph = []

    def _verbatim(self, line: str) -> bool:
        """Whether the line belongs to the front matter or to fenced code, fences included."""
        was_at_top, self._at_top = self._at_top, False
        if self._in_front_matter:
            # A blank line shows that the dashes at the top were a rule and no front matter.
            self._in_front_matter = line.rstrip() not in (_FRONT_MATTER, "...", "")
            return True
        if was_at_top and line.rstrip() == _FRONT_MATTER:
            self._in_front_matter = True
            return True
        if self._fence is not None:
            mark = line.strip()
            if mark.startswith(self._fence) and not mark.strip(self._fence[0]):
                self._fence = None
            return True
        opening = _FENCE.match(line)
        if opening is None or (opening["mark"][0] == "`" and "`" in opening["info"]):
            return False
        self._fence = opening["mark"]
        return True

    def _underlines(self, line: str) -> bool:
        return (
            bool(self._paragraph)
            and _UNDERLINE.match(line) is not None
            and _NOT_A_TITLE.match(self._paragraph[-1]) is None
        )


def _without_closing_hashes(title: str) -> str:
    bare = title.rstrip("#")
    return bare.rstrip() if not bare or bare[-1] in " \t" else title
