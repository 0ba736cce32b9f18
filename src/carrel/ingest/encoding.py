"""Which encoding a text file is in."""

from __future__ import annotations

import codecs
from pathlib import Path

import charset_normalizer

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What people still have. Telling more encodings apart makes short texts less certain.
_LEGACY = [
    "cp1252",
    "cp932",
    "euc_jp",
    "gb18030",
    "big5",
    "cp949",
    "cp1251",
    "koi8_r",
    "cp1250",
    "cp1253",
]
_FALLBACK = "cp1252"
_BLOCK = 1 << 20
_SAMPLE = 1 << 16


def mark_encoding(head: bytes) -> str | None:
    """Return the encoding that a byte order mark at the start announces, or None."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return encoding
    return None


def unmarked_wide_encoding(head: bytes) -> str | None:
    """Return the UTF-16 or UTF-32 variant that text without a mark is in, or None.

    Goes by the zero bytes, which stand in every second byte of mostly Latin UTF-16, and in three
    of four of UTF-32.
    """
    head = head[: len(head) // 4 * 4]
    if len(head) < 4:
        return None
    zeros = [head[offset::4].count(0) / (len(head) / 4) for offset in range(4)]
    for pattern, encoding in (
        ((False, True, True, True), "utf-32-le"),
        ((True, True, True, False), "utf-32-be"),
        ((False, True, False, True), "utf-16-le"),
        ((True, False, True, False), "utf-16-be"),
    ):
        if all(
            (share > 0.7) if zero else (share < 0.1)
            for share, zero in zip(zeros, pattern, strict=True)
        ):
            return encoding
    return None


def detect_encoding(path: Path) -> str:
    """Return the codec to read the file with; reads it once, in blocks.

    In order: a byte order mark, UTF-16 and UTF-32 without one, UTF-8, and else the best guess
    among the legacy encodings from the part of the file where UTF-8 fails. The caller decodes
    with ``errors="replace"``, because single damaged bytes do not make a text unreadable.
    """
    with path.open("rb") as stream:
        head = stream.read(_SAMPLE)
        known = mark_encoding(head) or unmarked_wide_encoding(head)
        if known is not None:
            return known
        stream.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")()
        position = 0
        while block := stream.read(_BLOCK):
            try:
                decoder.decode(block)
            except UnicodeDecodeError as error:
                begin = max(0, position + error.start - _SAMPLE // 4)
                stream.seek(begin)
                return _guess(_from_line_start(stream.read(_SAMPLE), begin))
            position += len(block)
    return "utf-8"


def decode(data: bytes, declared: str | None = None) -> str:
    """Return the text of bytes: by their mark, else as declared, else as UTF-8 or a guess."""
    encoding = mark_encoding(data) or declared or unmarked_wide_encoding(data[:_SAMPLE])
    if encoding is None:
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            begin = max(0, error.start - _SAMPLE // 4)
            encoding = _guess(_from_line_start(data[begin : begin + _SAMPLE], begin))
    return data.decode(encoding, errors="replace")


def _from_line_start(sample: bytes, position: int) -> bytes:
    """Drop what may begin in the middle of a character, unless the sample starts the file."""
    return sample if position == 0 else sample.partition(b"\n")[2] or sample


def _guess(sample: bytes) -> str:
    """Return the likeliest encoding of bytes that are not valid UTF-8."""
    text = sample.decode("utf-8", errors="replace")
    beyond_ascii = sum(character > "\x7f" for character in text)
    if text.count("\ufffd") * 10 < beyond_ascii:
        # Mostly valid multi-byte characters do not come about by chance.
        return "utf-8"
    best = charset_normalizer.from_bytes(sample, cp_isolation=_LEGACY).best()
    return best.encoding if best is not None else _FALLBACK
