"""Detects the encoding of a text file."""

from __future__ import annotations

import codecs
import unicodedata
from pathlib import Path

from carrel.ingest.text.encoding_guess import best_encoding, language_score

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Legacy encodings of texts whose language is not listed; of equal ones the first is taken.
_LEGACY = (
    *("cp1252", "cp932", "euc_jp", "gb18030", "cp949", "big5", "cp1251", "koi8_r", "cp1250"),
    *("cp1253", "cp1254", "cp1255", "cp1256"),
)
_WIDE = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
# Character categories that text does not contain: control, unassigned, private use, surrogate.
_NO_TEXT = frozenset(("Cc", "Cn", "Co", "Cs"))
_FALLBACK = "cp1252"
# Python codecs that no document uses; some take quadratic time.
_NO_DOCUMENT_ENCODINGS = frozenset(
    ("idna", "punycode", "raw-unicode-escape", "raw_unicode_escape", "unicode-escape")
).union(("unicode_escape", "undefined", "utf-7"))
_BLOCK = 1 << 20
_SAMPLE = 1 << 16
_GUESS_BYTES = 1 << 12
_MOST_STRANGE = 0.01
# A declared encoding that reads worse than this is doubted, and wrong if another reads clearly
# better.
_DOUBTFUL, _CLEARLY = 0.7, 0.25
# Escape sequences that switch the character set in text of 7 bits (RFC 1468, RFC 1557, RFC 1922).
_SWITCHES = (
    (b"\x1b$)C", "iso2022_kr"),
    (b"\x1b$B", "iso2022_jp_ext"),
    (b"\x1b$@", "iso2022_jp_ext"),
    (b"\x1b(J", "iso2022_jp_ext"),
    (b"\x1b$(D", "iso2022_jp_ext"),
)


def mark_encoding(head: bytes) -> str | None:
    """Return the encoding of a byte order mark at the start, or None."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return encoding
    return None


def unmarked_wide_encoding(head: bytes) -> str | None:
    """Return the UTF-16 or UTF-32 variant of text without a mark, or None.

    Only text with zero bytes is considered, which spaces and line ends have in these encodings.
    """
    if b"\0" not in head:
        return None
    for encoding in _WIDE:
        try:
            # Not final: the head may end within a character.
            text = codecs.getincrementaldecoder(encoding)().decode(head)
        except UnicodeDecodeError:
            continue
        strange = sum(
            unicodedata.category(character) in _NO_TEXT and not character.isspace()
            for character in text
        )
        if text and strange <= len(text) * _MOST_STRANGE:
            return encoding
    return None


def detect_encoding(path: Path, declared: str | None = None) -> str:
    """Return the codec to read the file with; reads it once, in blocks.

    In order: a byte order mark, UTF-16 and UTF-32 without one, escape sequences of ISO 2022,
    UTF-8, the declared one if the text reads well in it, and else the best guess among the legacy
    encodings from the part of the file where UTF-8 fails. The caller decodes with
    ``errors="replace"``, because single damaged bytes do not make a text unreadable.
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
            if (switched := _switched_encoding(block)) is not None:
                return switched
            try:
                decoder.decode(block)
            except UnicodeDecodeError as error:
                begin = max(0, position + error.start - _SAMPLE // 4)
                stream.seek(begin)
                return _chosen(_from_line_start(stream.read(_SAMPLE), begin), declared)
            position += len(block)
    return "utf-8"


def decode(data: bytes, declared: str | None = None) -> str:
    """Decode bytes as ``detect_encoding`` would a file of them."""
    encoding = mark_encoding(data) or unmarked_wide_encoding(data[:_SAMPLE])
    encoding = encoding or _switched_encoding(data[:_BLOCK])
    if encoding is None:
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            begin = max(0, error.start - _SAMPLE // 4)
            sample = _from_line_start(data[begin : begin + _SAMPLE], begin)
            encoding = _chosen(sample, declared)
    return data.decode(encoding, errors="replace")


def codec_named(name: str) -> str | None:
    """Return the codec of an encoding that a file declares, or None.

    Also None if the name adds nothing: a declaration that is readable as ASCII is wrong if it says
    UTF-16, and UTF-8 is tried in any case.
    """
    try:
        # Text encodings only: Python has codecs for base64 and the like, too.
        "".encode(name)
        codec = codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    if codec in _NO_DOCUMENT_ENCODINGS:
        return None
    # Browsers read Latin-1 as Windows-1252, which it nearly always is.
    if codec in ("iso8859-1", "ascii"):
        return "cp1252"
    return None if codec.startswith(("utf-16", "utf-32", "utf-8")) else codec


def _from_line_start(sample: bytes, position: int) -> bytes:
    """Drop a possibly incomplete first character, unless the sample starts the file."""
    return sample if position == 0 else sample.partition(b"\n")[2] or sample


def _switched_encoding(block: bytes) -> str | None:
    """Return the encoding of text with escape sequences of ISO 2022, or None."""
    if b"\x1b" not in block:
        return None
    return next((encoding for mark, encoding in _SWITCHES if mark in block), None)


def _chosen(sample: bytes, declared: str | None) -> str:
    """Return the declared encoding of bytes that are not UTF-8, unless another reads better.

    Programs declare what their templates say, and copy texts of other encodings into them.
    """
    guessed = _guess(sample)
    if declared is None or guessed == "utf-8":
        return guessed
    text = _beyond_ascii(sample)
    own, other = language_score(text, declared), language_score(text, guessed)
    return guessed if own < _DOUBTFUL and other - own > _CLEARLY else declared


def _beyond_ascii(sample: bytes) -> bytes:
    """Return the lines that are not ASCII, at most ``_GUESS_BYTES`` of them."""
    lines = [line for line in sample.split(b"\n") if not line.isascii()]
    return b"\n".join(lines)[:_GUESS_BYTES]


def _guess(sample: bytes) -> str:
    """Return the most likely encoding of bytes that are not valid UTF-8."""
    text = sample.decode("utf-8", errors="replace")
    beyond_ascii = sum(character > "\x7f" for character in text)
    if text.count("\ufffd") * 10 < beyond_ascii:
        # Mostly valid multi-byte characters are no coincidence.
        return "utf-8"
    lines = _beyond_ascii(sample)
    if (known := best_encoding(lines)) is not None:
        return known
    # Imported lazily because it takes a twentieth of a second, and few texts need it.
    import charset_normalizer

    matches = charset_normalizer.from_bytes(lines, cp_isolation=list(_LEGACY))
    best = matches.best()
    if best is None:
        return _FALLBACK
    quality = (best.chaos, best.coherence)
    equals = {match.encoding for match in matches if (match.chaos, match.coherence) == quality}
    return next((encoding for encoding in _LEGACY if encoding in equals), best.encoding)
