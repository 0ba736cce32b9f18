"""Reader of XML with expat, element by element."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from html.entities import html5
from pathlib import Path
from typing import Protocol
from xml.parsers import expat

from carrel.core.documents import Section
from carrel.core.errors import UnreadableDocument
from carrel.ingest.data.line_sections import sections_of_lines
from carrel.ingest.failures import checked_sections
from carrel.ingest.text.cleaning import clean_text, one_line
from carrel.ingest.text.encoding import codec_named, detect_encoding

MOST_DEPTH = 1_000
MOST_MARKUP_BYTES = 10_000_000
MOST_ENTITY_CHARACTERS = 10_000
_BLOCK_CHARACTERS = 1 << 16
_LABEL_CHARACTERS = 100
_HEAD_BYTES = 1_000
_DECLARATION = re.compile(rb"""\s*<\?xml[^>]{0,300}?encoding\s*=\s*["']([\w.:-]+)""")
_REFERENCE = re.compile(r"&([^#;&\s][^;&\s]*);")
# Attributes that say how to parse an element, and nothing about what it contains.
_TECHNICAL = re.compile(r"(?:xmlns|xml|xsi)(?::|$)")


class XmlReader:
    """Reads the text of XML, one line per element, with its name if it contains only text.

    Attributes follow the name: ``item (sku: A1; price: 3)``. Mixed content is one line, such as a
    paragraph with bold words; attributes inside it are read where an element has nothing else.
    Entities with short texts are resolved, nothing is fetched.
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
        UnreadableDocument: it is broken, or declares entities that grow or name other files.
    """
    # The text is decoded here, because expat knows few encodings and stops at damaged bytes.
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = gatherer.start
    parser.EndElementHandler = gatherer.end
    parser.CharacterDataHandler = gatherer.text
    parser.EntityDeclHandler = _Entities().declare
    # A reference that only an external DTD could resolve is reported instead of an error.
    parser.UseForeignDTD(True)
    parser.SkippedEntityHandler = _Standard(gatherer).skipped
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


class _Entities:
    """Admits entities whose texts stay short with all the entities in them."""

    def __init__(self) -> None:
        self._lengths: dict[str, int] = {}

    def declare(
        self,
        name: str,
        is_parameter: bool,
        value: str | None,
        base: str | None,
        system_id: str | None,
        public_id: str | None,
        notation: str | None,
    ) -> None:
        """Take a declaration as expat reports it.

        Raises:
            UnreadableDocument: a few nested ones would expand to gigabytes, or it names a file
                whose text belongs here. Files with a notation, such as pictures, do not.
        """
        label = one_line(name)[:_LABEL_CHARACTERS]
        if value is None:
            if notation is None:
                raise UnreadableDocument(
                    f"it declares an entity ({label}) whose text is in another file: "
                    "insert that text and add it again"
                )
            return
        length = len(value) + sum(self._lengths.get(each, 0) for each in _REFERENCE.findall(value))
        if length > MOST_ENTITY_CHARACTERS:
            raise UnreadableDocument(
                f"it declares an entity ({label}) of more than {MOST_ENTITY_CHARACTERS:,} "
                "characters, which no document needs: remove the declaration and add it again"
            )
        if not is_parameter:
            self._lengths.setdefault(name, length)


class _Standard:
    """Replaces references to what HTML knows, such as ``&nbsp;``, and leaves others as written."""

    def __init__(self, gatherer: XmlGatherer) -> None:
        self._gatherer = gatherer

    def skipped(self, name: str, is_parameter: bool) -> None:
        """Take a reference that nothing in the file declares, as expat reports it."""
        if not is_parameter:
            self._gatherer.text(html5.get(f"{name};", f"&{name};"))


def _encoding(path: Path) -> str:
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    declared = _DECLARATION.match(head)
    codec = codec_named(declared[1].decode("ascii", errors="replace")) if declared else None
    return detect_encoding(path, codec)


@dataclass(slots=True)
class _Element:
    """An open element: what it is called, whether it is in mixed content, and what is in it."""

    label: str
    inline: bool
    # Where its own text begins among the parts of the line.
    begin: int = 0
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
            inline = parent.inline or parent.holds_text
            if not inline:
                self._end_line()
                self._introduce(parent)
            parent.holds_elements = True
        else:
            self._end_line()
        self._open.append(_Element(_label(name, attributes), inline, len(self._parts)))

    def text(self, data: str) -> None:
        if not self._open:
            return
        if data.strip():
            self._ended = None
            self._open[-1].holds_text = True
        self._parts.append(data)

    def end(self, name: str) -> None:
        element = self._open.pop()
        has_attributes = element.label.endswith(")")
        if element.inline:
            is_empty = not "".join(self._parts[element.begin :]).strip()
            if has_attributes and is_empty:
                self._parts.append(f" {element.label} ")
            return
        if self._ended is not None:
            self._end_line()
        if not element.holds_elements:
            if has_attributes and not element.holds_text:
                self._lines.append(element.label)
            self._ended = element.label
        else:
            mixed = has_attributes and element.holds_text
            self._ended = element.label if mixed else ""

    def _introduce(self, parent: _Element) -> None:
        """Write the attributes of an element that contains elements before the first of them."""
        if not parent.holds_elements and parent.label.endswith(")"):
            self._lines.append(parent.label)
            parent.label = ""

    def _end_line(self) -> None:
        text = one_line("".join(self._parts))
        self._parts.clear()
        if text:
            self._lines.append(f"{self._ended}: {text}" if self._ended else text)
        self._ended = None


def _label(name: str, attributes: dict[str, str]) -> str:
    """Return an element's name, and the attributes that contain something in parentheses."""
    local_name = name.rpartition(":")[2][:_LABEL_CHARACTERS]
    values = [
        f"{key.rpartition(':')[2][:_LABEL_CHARACTERS]}: {text}"
        for key, value in attributes.items()
        if not _TECHNICAL.match(key) and (text := one_line(value))
    ]
    return f"{local_name} ({'; '.join(values)})" if values else local_name
