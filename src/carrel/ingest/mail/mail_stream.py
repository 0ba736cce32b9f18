"""Large attachments, decoded piece by piece while they are read."""

from __future__ import annotations

import binascii
import io
import re
from email.message import Message
from typing import IO, cast

from carrel.ingest.mail.mail_parts import payload

# The library decodes a part into a list of its lines, which takes several times its size.
_LARGE_CHARACTERS = 1 << 20
_NO_BASE64 = re.compile(r"[^A-Za-z0-9+/=]+")
_PAD = "="


def attachment_data(part: Message) -> bytes | IO[bytes]:
    """Return the decoded content of a part: at once if it is small, else as a stream.

    Of damaged base64 it is the decodable part.
    """
    text = None if part.is_multipart() else part.get_payload()
    encoding = str(part.get("Content-Transfer-Encoding", "")).strip().lower()
    if encoding == "base64" and isinstance(text, str) and len(text) > _LARGE_CHARACTERS:
        return cast("IO[bytes]", io.BufferedReader(_Base64Stream(text), _LARGE_CHARACTERS))
    return payload(part)


class _Base64Stream(io.RawIOBase):
    """Decodes base64 with line breaks, from one piece to the next."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._place = 0
        self._rest = ""
        self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._ready and self._place < len(self._text):
            self._ready = self._next()
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def _next(self) -> bytes:
        piece = self._text[self._place : self._place + _LARGE_CHARACTERS]
        self._place += len(piece)
        text, pad, _ = (self._rest + _NO_BASE64.sub("", piece)).partition(_PAD)
        if pad:
            # Text after the padding is not part of the data.
            self._place = len(self._text)
        if self._place >= len(self._text):
            # A single letter is less than a byte.
            whole = text if len(text) % 4 != 1 else text[:-1]
            return binascii.a2b_base64(whole + _PAD * (-len(whole) % 4))
        end = len(text) - len(text) % 4
        self._rest = text[end:]
        return binascii.a2b_base64(text[:end])
