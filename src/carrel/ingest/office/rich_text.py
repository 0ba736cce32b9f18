"""Reader of Rich Text, of our own because the libraries lose the headings."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from copy import copy
from pathlib import Path

from carrel.core.documents import Section
from carrel.core.errors import UnreadableDocument
from carrel.ingest.failures import checked_sections
from carrel.ingest.office.rich_text_state import SCRIPTS, Encodings, State, Styles
from carrel.ingest.office.rich_text_table import RichTextTable
from carrel.ingest.office.rich_text_tokens import Token, tokens
from carrel.ingest.text.blocks import SECTION_CHARACTERS, Block, sections_by_heading
from carrel.ingest.text.cleaning import clean_text, one_line
from carrel.ingest.text.raised import plain_scripts

_MOST_GROUPS = 1_000
_BODY_TEXT_LEVEL = 9
_SURROGATES = re.compile("[\ud800-\udfff]+")
# Characters of symbol fonts, meaningless without the font: mostly bullets.
_PICTURED = re.compile("[\uf000-\uf0ff]\t?")
_CHARACTERS = {
    **{"tab": "\t", "line": "\n", "emdash": "—", "endash": "–", "bullet": "•"},
    **{"lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”"},
    **{"emspace": " ", "enspace": " ", "qmspace": " ", "nestcell": " "},
}
_SYMBOLS = {"~": "\xa0", "_": "-"}
_PARAGRAPH_ENDS = frozenset(("par", "sect", "page"))
_ENCODING_WORDS = frozenset(("ansicpg", "deff", "ansi", "mac", "pc", "pca"))
# Control words that set the destination of their group, and from where it may be entered.
_TEXT = frozenset(("body", "aside", "shape"))
_PLACES: dict[str, tuple[str, frozenset[str]]] = {
    "footnote": ("aside", _TEXT),
    "shpinst": ("shape", _TEXT),
    "shptxt": ("aside", _TEXT),
    # The same text twice: in the document's encoding, and in Unicode.
    "upr": ("choice", _TEXT),
    "ud": ("body", frozenset(("choice",))),
    "fonttbl": ("fonts", _TEXT),
    "stylesheet": ("styles", _TEXT),
}
_NOWHERE = frozenset(("colortbl", "info", "pict", "objdata", "fldinst")).union(
    ("header", "headerl", "headerr", "headerf", "footer", "footerl", "footerr", "footerf"),
    ("annotation", "atnid", "atnauthor", "tc", "tcn", "xe", "rxe", "txe"),
    ("listtable", "listoverridetable", "filetbl", "revtbl"),
    # Alternatives, for old programs, of text that is included already.
    ("nonesttables", "shprslt"),
)
# Styles of characters, sections and tables, which are listed among those of paragraphs.
_OTHER_STYLES = frozenset(("cs", "ds", "ts"))


class RichTextReader:
    """Reads RTF: paragraphs and tables in document order, each heading begins a section.

    Headings are recognised by their style or outline level. Tables are read row by row, with the
    heads of their columns. Notes and text boxes follow their paragraph or table. Hidden and deleted
    text, comments, headers and footers are skipped. The format has no pages.
    """

    @checked_sections
    def read(self, path: Path) -> Generator[Section]:
        """Yield the sections."""
        with path.open("rb") as stream:
            yield from sections_by_heading(_DocumentText().blocks(tokens(stream)))


class _DocumentText:
    """Collects the text of a document into blocks, token by token."""

    def __init__(self) -> None:
        self._state = State()
        self._outer: list[State] = []
        self._starred = False
        self._encodings = Encodings()
        self._styles = Styles()
        # By destination: the current paragraph or cell, the note, and the name of a style.
        self._parts: dict[str, list[str]] = {"body": [], "aside": [], "styles": []}
        self._length = 0
        self._bytes = bytearray()
        # Fallback characters after a Unicode one, for programs that do not support it.
        self._to_skip = 0
        self._table = RichTextTable()
        self._asides: list[str] = []

    def blocks(self, found: Iterator[Token]) -> Iterator[Block]:
        """Yield the blocks of the document."""
        for token in found:
            if token.text:
                self._take_bytes(token.text)
                if self._length > SECTION_CHARACTERS and not self._state.in_table:
                    self._decode()
                    yield from self._end_paragraph()
            elif token.word:
                yield from self._take_word(token.word, token.number)
            else:
                yield from self._take_symbol(token.symbol)
        self._decode()
        yield from self._end_table()
        yield from self._end_paragraph()

    def _take_bytes(self, text: bytes) -> None:
        skipped = min(self._to_skip, len(text))
        self._to_skip -= skipped
        if self._is_read():
            self._bytes += text[skipped:]
            self._length += len(text)

    def _take_symbol(self, symbol: str) -> Iterator[Block]:
        self._decode()
        if symbol == "{":
            self._begin_group()
        elif symbol == "}":
            self._end_group()
        elif symbol == "*":
            self._starred = True
        elif symbol in "\r\n":
            yield from self._take_word("par", None)
        elif symbol in _SYMBOLS:
            self._add(_SYMBOLS[symbol])

    def _begin_group(self) -> None:
        if len(self._outer) >= _MOST_GROUPS:
            raise UnreadableDocument("it is nested too deeply")
        self._outer.append(self._state)
        self._state = copy(self._state)
        self._starred, self._to_skip = False, 0

    def _end_group(self) -> None:
        ended = self._state
        if self._outer:
            self._state = self._outer.pop()
        self._starred, self._to_skip = False, 0
        if ended.place == "aside" != self._state.place:
            self._asides.append(self._take("aside"))
        elif ended.place == "styles":
            name = self._take("styles").strip(" ;")
            if name:
                self._styles.take_name(ended.style, name, ended.outlined)

    def _take_word(self, word: str, number: int | None) -> Iterator[Block]:
        self._decode()
        self._to_skip = 0
        self._enter_place(word)
        if word in _CHARACTERS:
            self._add(_CHARACTERS[word])
        elif word == "u":
            self._add(chr((number or 0) % 0x10000))
            self._to_skip = self._state.fallback
        elif self._state.place == "body" and word in _PARAGRAPH_ENDS:
            if self._state.in_table:
                self._add("\n")
            else:
                yield from self._end_table()
                yield from self._end_paragraph()
        elif self._state.place == "body" and word == "cell":
            self._table.add_cell(one_line(self._take("body")))
        elif self._state.place == "body" and word == "row":
            yield from map(Block, self._table.end_row())
        elif word in _PARAGRAPH_ENDS:
            self._add("\n")
        else:
            self._change_state(word, 1 if number is None else number)

    def _enter_place(self, word: str) -> None:
        starred, self._starred = self._starred, False
        if word in _PLACES:
            place, allowed = _PLACES[word]
            self._state.place = place if self._state.place in allowed else "nowhere"
        elif starred or word in (_OTHER_STYLES if self._state.place == "styles" else _NOWHERE):
            self._state.place = "nowhere"

    def _change_state(self, word: str, number: int) -> None:
        state = self._state
        if state.place == "body":
            self._table.define(word)
        if word == "pard":
            state.style, state.outlined, state.in_table = 0, False, False
        elif word == "plain":
            state.font, state.hidden, state.deleted, state.script = None, False, False, None
        elif word == "f":
            state.font = number
        elif word == "s":
            state.style = number
        elif word == "sbasedon" and state.place == "styles":
            self._styles.take_base(state.style, number)
        elif word == "outlinelevel":
            state.outlined = 0 <= number < _BODY_TEXT_LEVEL
        elif word == "intbl":
            state.in_table = number != 0
        elif word == "v":
            state.hidden = number != 0
        elif word == "deleted":
            state.deleted = number != 0
        elif word in SCRIPTS:
            state.script = SCRIPTS[word] if number > 0 else None
        elif word == "uc":
            state.fallback = max(0, number)
        elif state.place == "fonts":
            self._encodings.take_font(state.font, word, number)
        elif word in _ENCODING_WORDS:
            self._encodings.take_document(word, number)

    def _is_read(self) -> bool:
        state = self._state
        return state.place in self._parts and not state.hidden and not state.deleted

    def _add(self, text: str) -> None:
        if self._to_skip:
            self._to_skip -= 1
        elif self._is_read():
            self._append(text)
            self._length += len(text)

    def _append(self, text: str) -> None:
        script = self._state.script
        marked = script(text) if script and text.strip() else text
        self._parts[self._state.place].append(marked)

    def _decode(self) -> None:
        """Decode the collected bytes; called before anything else changes."""
        if self._bytes:
            encoding = self._encodings.of(self._state.font)
            self._append(self._bytes.decode(encoding, errors="replace"))
            self._bytes.clear()

    def _take(self, place: str) -> str:
        """Return the text collected at a destination since the last call."""
        text = "".join(self._parts[place])
        self._parts[place].clear()
        if place == "body":
            self._length = 0
        # Characters beyond the first 65,536 are written as surrogate pairs.
        text = clean_text(_SURROGATES.sub(_joined, _PICTURED.sub("", text)))
        return plain_scripts(text).strip()

    def _end_paragraph(self) -> Iterator[Block]:
        text = self._take("body")
        if self._state.outlined or self._styles.is_heading(self._state.style):
            yield Block(one_line(text), heading=True)
        else:
            yield Block(text)
        yield from self._taken_asides()

    def _end_table(self) -> Iterator[Block]:
        lines = [*self._table.end_row(), *self._table.end()]
        if lines:
            yield Block("\n".join(lines))
            yield from self._taken_asides()

    def _taken_asides(self) -> Iterator[Block]:
        asides, self._asides = self._asides, []
        for text in asides:
            yield Block(text)


def _joined(halves: re.Match[str]) -> str:
    return halves[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
