"""Tokenizer of RTF, in blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

_BLOCK = 1 << 16
# Longer than any token but a run of text, which may be cut anywhere.
_MARGIN = 64
_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?[0-9]{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|[\r\n]+"
    rb"|([^\\{}\r\n]+)|\\",
    re.DOTALL,
)


class Token(NamedTuple):
    """One of: a control ``word``, a ``symbol`` or brace, or bytes of text."""

    word: str = ""
    number: int | None = None
    symbol: str = ""
    text: bytes = b""


def tokens(stream: BinaryIO) -> Iterator[Token]:
    r"""Yield the tokens of a file; the raw bytes after ``\bin`` are passed over."""
    buffer = b""
    position = 0
    ended = False
    while not ended or position < len(buffer):
        if not ended and len(buffer) - position < _MARGIN:
            block = stream.read(_BLOCK)
            ended = not block
            buffer = buffer[position:] + block
            position = 0
            continue
        match = _TOKEN.match(buffer, position)
        if match is None:
            return
        position = match.end()
        word, number, code, symbol, brace, text = match.groups()
        if word == b"bin" and number is not None:
            excess = max(0, int(number)) - (len(buffer) - position)
            position = min(len(buffer), position + max(0, int(number)))
            if excess > 0:
                stream.seek(excess, 1)
        elif word is not None:
            yield Token(word.decode("ascii"), None if number is None else int(number))
        elif code is not None:
            yield Token(text=bytes.fromhex(code.decode("ascii")), symbol="'")
        elif symbol is not None and symbol in b"\\{}":
            yield Token(text=symbol)
        elif symbol is not None or brace is not None:
            yield Token(symbol=(symbol or brace).decode("latin-1"))
        elif text is not None:
            yield Token(text=text)
