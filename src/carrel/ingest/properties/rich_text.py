"""Properties of RTF: the group ``info``."""

from __future__ import annotations

from pathlib import Path

from carrel.core.document_properties import DocumentProperties
from carrel.ingest.office.rich_text_state import Encodings
from carrel.ingest.office.rich_text_tokens import Token, tokens
from carrel.ingest.properties.stated import Stated

_HEAD_TOKENS = 20_000
_MOST_CHARACTERS = 10_000
_TEXTS = frozenset(("title", "author", "keywords"))
_MOMENTS = frozenset(("creatim", "revtim"))
_MOMENT_PARTS = ("yr", "mo", "dy", "hr", "min", "sec")
_ENCODING_WORDS = frozenset(("ansicpg", "ansi", "mac", "pc", "pca"))


def rich_text_properties(path: Path) -> DocumentProperties:
    """Return the information group of an RTF file."""
    group = _InfoGroup()
    with path.open("rb") as stream:
        for number, token in enumerate(tokens(stream)):
            if number > _HEAD_TOKENS or not group.take(token):
                break
    stated = Stated()
    stated.title(group.texts.get("title"))
    stated.author(group.texts.get("author"))
    stated.keywords(group.texts.get("keywords"))
    stated.created(group.moment("creatim"))
    stated.modified(group.moment("revtim"))
    return stated.properties()


class _InfoGroup:
    """Follows the groups of a file to the end of the one with its information."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self._numbers: dict[str, dict[str, int]] = {}
        self._depth = self._info = self._skipped = 0
        self._field = ""
        self._bytes = bytearray()
        self._encodings = Encodings()

    def moment(self, name: str) -> str | None:
        """Return a date in ISO 8601."""
        found = self._numbers.get(name, {})
        if "yr" not in found:
            return None
        year, month, day, hour, minute, second = (found.get(each, 0) for each in _MOMENT_PARTS)
        written = f"{year:04}-{month or 1:02}-{day or 1:02}"
        return f"{written}T{hour:02}:{minute:02}:{second:02}" if "hr" in found else written

    def take(self, token: Token) -> bool:
        """Take a token; False at the end of the group."""
        if token.text:
            if self._field in _TEXTS:
                self._bytes += token.text[self._skipped :]
            self._skipped = 0
            return True
        self._decode()
        if token.symbol == "{":
            self._depth += 1
        elif token.symbol == "}":
            self._field = ""
            self._depth -= 1
            return not self._info or self._depth >= self._info
        elif token.word:
            self._take_word(token.word, token.number)
        return True

    def _take_word(self, word: str, number: int | None) -> None:
        if word in _ENCODING_WORDS:
            self._encodings.take_document(word, number or 0)
        elif word == "info":
            self._info = self._depth
        elif self._info and (word in _TEXTS or word in _MOMENTS):
            self._field = word
        elif self._field in _MOMENTS and word in _MOMENT_PARTS and number is not None:
            self._numbers.setdefault(self._field, {})[word] = number
        elif self._field in _TEXTS and word == "u" and number is not None:
            self._append(chr(number & 0xFFFF))
            # The character that follows is for programs without Unicode.
            self._skipped = 1

    def _decode(self) -> None:
        if self._bytes:
            self._append(self._bytes.decode(self._encodings.of(None), errors="replace"))
            self._bytes.clear()

    def _append(self, text: str) -> None:
        whole = (self.texts.get(self._field, "") + text)[:_MOST_CHARACTERS]
        # Two halves may have become one character.
        joined = whole.encode("utf-16", errors="surrogatepass").decode("utf-16", errors="ignore")
        halved = whole and "\ud800" <= whole[-1] <= "\udbff"
        self.texts[self._field] = whole if halved else joined
