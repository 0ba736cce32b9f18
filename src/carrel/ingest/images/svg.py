"""Reader of SVG."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

from carrel.core.documents import Section
from carrel.core.errors import EmptyDocument, UnreadableDocument
from carrel.ingest.data.line_sections import sections_of_lines
from carrel.ingest.data.xml_text import MOST_DEPTH, xml_lines
from carrel.ingest.failures import checked_sections
from carrel.ingest.text.cleaning import one_line

_WORDS = frozenset(("text", "title", "desc"))
# Inside a text, these begin at their own position.
_PLACED = frozenset(("x", "y", "dx", "dy"))
_LEFT_OUT = frozenset(("style", "script", "metadata"))


class SVGReader:
    """Reads the titles, descriptions and texts of an SVG file, each a line, in the file's order.

    Shapes, and letters drawn as shapes, contain no text. XML that ``XmlReader`` refuses is refused
    here, too.
    """

    @checked_sections
    def read(self, path: Path) -> Generator[Section]:
        """Yield the sections of several lines each; they have neither page nor heading.

        Raises:
            EmptyDocument: there are no words in it.
            UnreadableDocument: it is no SVG, or damaged.
        """
        words = _Words()
        yield from sections_of_lines(xml_lines(path, words))
        if words.root not in (None, "svg"):
            raise UnreadableDocument(
                "it is no drawing: it has no element svg; rename it to end in .xml if it is XML"
            )
        if words.root and not words.found:
            raise EmptyDocument("it holds no text: its words may be drawn as shapes")


class _Words:
    """Collects the texts of an SVG file, as the parser reports its elements."""

    def __init__(self) -> None:
        self.root: str | None = None
        self.found = False
        self._open: list[str] = []
        self._parts: list[str] = []
        self._lines: list[str] = []

    def take(self) -> list[str]:
        """Return the lines that are complete since the last call."""
        lines, self._lines = self._lines, []
        return lines

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) >= MOST_DEPTH:
            raise UnreadableDocument("its elements are nested too deeply")
        local = name.rpartition(":")[2]
        if self.root is None:
            self.root = local
        if local in _WORDS:
            self._end_line()
        elif self._in_words() and not _PLACED.isdisjoint(attributes):
            self._parts.append(" ")
        self._open.append(local)

    def text(self, data: str) -> None:
        if self.root == "svg" and self._in_words():
            self._parts.append(data)

    def end(self, _name: str) -> None:
        if self._open.pop() in _WORDS:
            self._end_line()

    def _in_words(self) -> bool:
        return not _WORDS.isdisjoint(self._open) and _LEFT_OUT.isdisjoint(self._open)

    def _end_line(self) -> None:
        text = one_line("".join(self._parts))
        self._parts.clear()
        if text:
            self.found = True
            self._lines.append(text)
