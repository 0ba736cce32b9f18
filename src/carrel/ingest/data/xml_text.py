"""Reader of XML with expat, element by element."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from xml.parsers import expat

from carrel.core.documents import Section
from carrel.core.errors import UnreadableDocument
from carrel.ingest.data.rows import sections_of_lines
from carrel.ingest.failures import checked_sections
from carrel.ingest.text.cleaning import clean_text, one_line
from carrel.ingest.text.encoding import codec_named, detect_encoding, mark_encoding

MOST_DEPTH = 1_000
MOST_MARKUP_BYTES = 10_000_000
_BLOCK_CHARACTERS = 1 << 16
_LABEL_CHARACTERS = 100
_HEAD_BYTES = 1_000
_DECLARATION = re.compile(rb"""\s*<\?xml[^>]{0,300}?encoding\s*=\s*["']([\w.:-]+)""")


class XmlReader:
    """Reads the text of XML, one line per element, with its name if it contains only text.

    Mixed content is one line, such as a paragraph with bold words. Attributes are ignored. Nothing
    is fetched, and a file that declares entities is refused.
    """

    @checked_sections
    def read(self, path: Path) -> Generator[Section]:
        """Yield the sections of several lines each; they have neither page nor heading."""
        yield from sections_of_lines(xml_lines(path, _Gatherer()))


class XmlGatherer(Protocol):
    """Builds lines from the elements that the parser reports."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Handle the start of an element, its name with the file's prefix."""
        ...

    def text(self, data: str) -> None:
        """Handle text of the innermost open element."""
        ...

    def end(self, name: str) -> None:
        """Handle the end of the innermost open element."""
        ...

    def take(self) -> list[str]:
        """Return the lines that are complete since the last call."""
        ...


def xml_lines(path: Path, gatherer: XmlGatherer) -> Iterator[str]:
    """Yield the lines of an XML file, in any encoding that it declares.

    Raises:
        UnreadableDocument: it is broken, or declares entities of its own.
    """
    # The text is decoded here, because expat knows few encodings and stops at damaged bytes.
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = gatherer.start
    parser.EndElementHandler = gatherer.end
    parser.CharacterDataHandler = gatherer.text
    parser.EntityDeclHandler = _refuse_entity
    begun = False
    fed = 0
    with path.open(encoding=_encoding(path), errors="replace") as stream:
        while block := stream.read(_BLOCK_CHARACTERS):
            text = clean_text(block)
            if not begun:
                # A declaration must be at the very beginning, and often is not.
                text = text.lstrip()
                begun = bool(text)
            fed += _parse(parser, text, final=False)
            # An incomplete tag is parsed again with every block.
            if fed - parser.CurrentByteIndex > MOST_MARKUP_BYTES:
                raise UnreadableDocument(
                    "it is damaged: a tag or comment in it is never closed, or too long"
                )
            yield from gatherer.take()
    if begun:
        _parse(parser, "", final=True)
    yield from gatherer.take()


def _parse(parser: expat.XMLParserType, text: str, final: bool) -> int:
    """Feed the parser and return the number of bytes."""
    data = text.encode()
    try:
        parser.Parse(data, final)
    except expat.ExpatError as error:
        raise UnreadableDocument(
            f"it is damaged: its XML is broken in line {error.lineno}, column {error.offset + 1}"
        ) from error
    return len(data)


def _refuse_entity(name: str, *_: object) -> None:
    # A few nested ones can expand to gigabytes or fetch a file.
    raise UnreadableDocument(
        f"it declares an entity ({one_line(name)[:_LABEL_CHARACTERS]}), which no document needs: "
        "remove the declarations and add it again"
    )


def _encoding(path: Path) -> str:
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    declared = None if mark_encoding(head) else _DECLARATION.match(head)
    codec = codec_named(declared[1].decode("ascii", errors="replace")) if declared else None
    return codec or detect_encoding(path)


@dataclass(slots=True)
class _Element:
    """An open element: whether it is in mixed content, and its text so far."""

    inline: bool
    holds_text: bool = False
    holds_elements: bool = False


class _Gatherer:
    """Collects the text of elements into lines, as the parser reports them."""

    def __init__(self) -> None:
        self._open: list[_Element] = []
        self._parts: list[str] = []
        # The label of the last closed element: only what follows it shows whether its text is a
        # line or the beginning of mixed content.
        self._ended: str | None = None
        self._lines: list[str] = []

    def take(self) -> list[str]:
        """Return the lines that are complete since the last call."""
        if not self._open:
            self._end_line()
        lines, self._lines = self._lines, []
        return lines

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) >= MOST_DEPTH:
            raise UnreadableDocument("its elements are nested too deeply")
        inline = False
        if self._open:
            parent = self._open[-1]
            parent.holds_elements = True
            inline = parent.inline or parent.holds_text
        if not inline:
            self._end_line()
        self._open.append(_Element(inline))

    def text(self, data: str) -> None:
        if data.strip():
            self._ended = None
            self._open[-1].holds_text = True
        self._parts.append(data)

    def end(self, name: str) -> None:
        element = self._open.pop()
        if element.inline:
            return
        if self._ended is not None:
            self._end_line()
        local_name = name.rpartition(":")[2][:_LABEL_CHARACTERS]
        self._ended = "" if element.holds_elements else local_name

    def _end_line(self) -> None:
        text = one_line("".join(self._parts))
        self._parts.clear()
        if text:
            self._lines.append(f"{self._ended}: {text}" if self._ended else text)
        self._ended = None
