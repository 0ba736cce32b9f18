"""Streaming JSON parser."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from json import JSONDecodeError, JSONDecoder

from carrel.core.errors import UnreadableDocument

MOST_DEPTH = 100

# Raw line breaks in a text are invalid, but unambiguous.
_TEXTS = JSONDecoder(strict=False)
_LONGEST_ESCAPE = len(r"\ud83d\ude00")
_SPACE = re.compile(r"[ \t\n\r]*")
_PLAIN = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?|true|false|null")
# A number or word at the end of the text so far may continue in the next block.
_UNFINISHED = re.compile(r"[-+.\w]*")

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class JsonValue:
    """A text, number or boolean: its path and, as written in the file, its value."""

    path: Path
    text: str


class _Expected(Enum):
    VALUE = auto()
    VALUE_OR_END = auto()
    KEY = auto()
    KEY_OR_END = auto()
    COMMA_OR_END = auto()


def json_values(blocks: Iterable[str], several: bool = False) -> Iterator[JsonValue]:
    """Yield the values of a JSON text that comes in blocks, except null.

    A value's path consists of keys and list indexes from 0. With ``several``, values may follow
    each other, for example one per line; then the first part of a path counts them. Memory holds no
    more than a block and the longest single value.

    Raises:
        UnreadableDocument: it is no JSON; the message names line and column. Or it is nested deeper
        than ``MOST_DEPTH``.
    """
    text = _Text(blocks)
    count = 0
    while text.peek():
        for path, value in _one_value(text):
            yield JsonValue((count, *path) if several else path, value)
        count += 1
        if not several and text.peek():
            raise text.broken()


def _one_value(text: _Text) -> Iterator[tuple[Path, str]]:
    """Read one value recursively, with an explicit stack that no nesting can overflow."""
    path: list[str | int] = []
    expected = _Expected.VALUE
    while path or expected is _Expected.VALUE:
        character = text.peek()
        if _ends(character, expected, path):
            text.skip()
            path.pop()
            expected = _Expected.COMMA_OR_END
        elif expected is _Expected.COMMA_OR_END:
            text.require(",")
            place = path[-1]
            if isinstance(place, int):
                path[-1] = place + 1
            expected = _Expected.VALUE if isinstance(place, int) else _Expected.KEY
        elif expected in (_Expected.KEY, _Expected.KEY_OR_END):
            path[-1] = text.string()
            text.require(":")
            expected = _Expected.VALUE
        elif character and character in "{[":
            if len(path) >= MOST_DEPTH:
                raise UnreadableDocument("it is nested too deeply")
            text.skip()
            path.append("" if character == "{" else 0)
            expected = _Expected.KEY_OR_END if character == "{" else _Expected.VALUE_OR_END
        else:
            value = text.string() if character == '"' else text.plain()
            if value is not None:
                yield tuple(path), value
            expected = _Expected.COMMA_OR_END


def _ends(character: str, expected: _Expected, path: list[str | int]) -> bool:
    """Whether the innermost list or object is closed here, and may be."""
    if not path or expected in (_Expected.VALUE, _Expected.KEY):
        return False
    return character == ("]" if isinstance(path[-1], int) else "}")


class _Text:
    """A position in a text that comes in blocks; earlier text is dropped."""

    def __init__(self, blocks: Iterable[str]) -> None:
        self._blocks = iter(blocks)
        self._text = ""
        self._at = 0
        # Offset of the first character of _text.
        self._line = 1
        self._column = 1

    def peek(self) -> str:
        """Return the next character that is not white space, or an empty text at the end."""
        while True:
            match = _SPACE.match(self._text, self._at)
            self._at = match.end() if match else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def skip(self) -> None:
        """Skip the character that ``peek`` has returned."""
        self._at += 1

    def require(self, character: str) -> None:
        """Skip this character, which must come next."""
        if self.peek() != character:
            raise self.broken()
        self.skip()

    def string(self) -> str:
        """Return the quoted text that must come next."""
        if self.peek() != '"':
            raise self.broken()
        while True:
            try:
                value, end = _TEXTS.raw_decode(self._text, self._at)
            except JSONDecodeError as error:
                ended = error.msg.startswith("Unterminated")
                distance = len(self._text) - error.pos
                # An escape at the very end may be cut by the block.
                if (ended or distance < _LONGEST_ESCAPE) and self._more():
                    continue
                self._at = len(self._text) if ended else len(self._text) - distance
                raise self.broken() from error
            self._at = end
            return str(value)

    def plain(self) -> str | None:
        """Return the number or boolean that must come next, None for null."""
        while (rest := _UNFINISHED.match(self._text, self._at)) and rest.end() == len(self._text):
            if not self._more():
                break
        match = _PLAIN.match(self._text, self._at)
        if match is None:
            raise self.broken()
        self._at = match.end()
        return None if match[0] == "null" else match[0]

    def broken(self) -> UnreadableDocument:
        """Return the error for this position."""
        ended = self._at >= len(self._text) and not self._more()
        self._drop()
        fault = "ends too early" if ended else "is broken"
        return UnreadableDocument(
            f"it is damaged: its JSON {fault} in line {self._line}, column {self._column}"
        )

    def _drop(self) -> None:
        behind = self._text[: self._at]
        lines = behind.count("\n")
        self._line += lines
        self._column = len(behind) - behind.rfind("\n") if lines else self._column + len(behind)
        self._text = self._text[self._at :]
        self._at = 0

    def _more(self) -> bool:
        """Double the buffer, so that a long value does not take quadratic time."""
        self._drop()
        parts = [self._text]
        wanted = len(self._text)
        for block in self._blocks:
            parts.append(block)
            wanted -= len(block)
            if wanted <= 0:
                break
        self._text = "".join(parts)
        return len(parts) > 1
