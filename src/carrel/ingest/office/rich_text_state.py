"""State of an RTF parser: group properties, font encodings and styles."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from carrel.ingest.text.raised import lowered, raised

DEFAULT_ENCODING = "cp1252"
# Encodings of Windows' character sets, which fonts name by number.
_CHARACTER_SETS = {
    77: "mac_roman",
    128: "cp932",
    129: "cp949",
    130: "johab",
    134: "gb18030",
    136: "big5",
    161: "cp1253",
    162: "cp1254",
    163: "cp1258",
    177: "cp1255",
    178: "cp1256",
    186: "cp1257",
    204: "cp1251",
    222: "cp874",
    238: "cp1250",
}
_NAMED = {"ansi": DEFAULT_ENCODING, "mac": "mac_roman", "pc": "cp437", "pca": "cp850"}
_MAC_ROMAN = 10_000
SCRIPTS: Mapping[str, Callable[[str], str] | None] = MappingProxyType(
    {"super": raised, "up": raised, "sub": lowered, "dn": lowered, "nosupersub": None}
)
"""How text is marked that a control word raises or lowers."""

_HEADING_NAME = re.compile(r"heading \d|title$", re.IGNORECASE)


@dataclass(slots=True)
class State:
    """Properties that a group inherits.

    ``place`` is the destination of text: ``body``, ``aside`` (a note or a text box), ``fonts``,
    ``styles``, ``shape`` and ``choice`` (which contain a group whose text counts), or ``nowhere``.
    """

    place: str = "body"
    hidden: bool = False
    deleted: bool = False
    fallback: int = 1
    font: int | None = None
    style: int = 0
    outlined: bool = False
    in_table: bool = False
    script: Callable[[str], str] | None = None


class Encodings:
    """The encoding of bytes, by document and font."""

    def __init__(self) -> None:
        self.document = DEFAULT_ENCODING
        self.default_font: int | None = None
        self._fonts: dict[int | None, str] = {}

    def of(self, font: int | None) -> str:
        """Return the encoding of text in a font."""
        known = self._fonts.get(self.default_font if font is None else font)
        return known or self.document

    def take_font(self, font: int | None, word: str, number: int) -> None:
        """Process a word of the font table."""
        if word == "fcharset" and number in _CHARACTER_SETS:
            self._fonts[font] = _CHARACTER_SETS[number]
        elif word == "cpg":
            self._fonts[font] = code_page(number)

    def take_document(self, word: str, number: int) -> None:
        """Process a word of the file header."""
        if word == "ansicpg":
            self.document = code_page(number)
        elif word == "deff":
            self.default_font = number
        elif word in _NAMED:
            self.document = _NAMED[word]


class Styles:
    """Which paragraph styles are headings or based on one."""

    def __init__(self) -> None:
        self._headings: set[int] = set()
        self._bases: dict[int, int] = {}

    def take_base(self, style: int, base: int) -> None:
        """Record the base of a style."""
        self._bases[style] = base

    def take_name(self, style: int, name: str, outlined: bool) -> None:
        """Record a style's name and outline level."""
        if outlined or _HEADING_NAME.match(name.strip()):
            self._headings.add(style)

    def is_heading(self, style: int) -> bool:
        """Whether a paragraph of this style is a heading."""
        seen: set[int] = set()
        while style not in seen:
            if style in self._headings:
                return True
            seen.add(style)
            style = self._bases.get(style, style)
        return False


def code_page(number: int) -> str:
    """Return the codec of a code page by its number, Windows-1252 if there is none."""
    if number == _MAC_ROMAN:
        return "mac_roman"
    try:
        return codecs.lookup(f"cp{number}").name
    except LookupError:
        return DEFAULT_ENCODING
