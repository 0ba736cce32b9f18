"""Reader of plain text in any common encoding."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path

from carrel.core.documents import Section
from carrel.ingest.failures import checked_sections
from carrel.ingest.text.blocks import SECTION_CHARACTERS
from carrel.ingest.text.cleaning import clean_text
from carrel.ingest.text.encoding import detect_encoding

_BLOCK_CHARACTERS = 1 << 16
_LONGEST_LINE = 1 << 20
# Where a long text may be cut, best first.
_CUTS = tuple(re.compile(pattern) for pattern in (r"\n[^\S\n]*\n", r"\n", r"[.!?。！？]\s*", r"\s"))


class TextReader:
    """Reads text unchanged, in sections of about ``SECTION_CHARACTERS``.

    Sections end at the end of a paragraph in their second half, if there is one, so that memory
    does not grow with the length of the file.
    """

    @checked_sections
    def read(self, path: Path) -> Generator[Section]:
        """Yield the sections; they have neither page nor heading."""
        for text in cut_long_text(text_blocks(path), SECTION_CHARACTERS):
            yield Section(text)


def text_blocks(path: Path) -> Iterator[str]:
    """Yield the clean text of a file in blocks of about 64 Ki characters."""
    encoding = detect_encoding(path)
    with path.open(encoding=encoding, errors="replace") as stream:
        while block := stream.read(_BLOCK_CHARACTERS):
            yield clean_text(block)


def text_lines(path: Path) -> Iterator[str]:
    """Yield the lines of a file as clean text without their ends; very long ones in parts."""
    rest = ""
    for block in text_blocks(path):
        *lines, rest = (rest + block).split("\n")
        yield from lines
        if len(rest) > _LONGEST_LINE:
            yield rest
            rest = ""
    yield rest


def cut_long_text(blocks: Iterable[str], most: int) -> Iterator[str]:
    """Join blocks and split the whole into parts of between half of ``most`` and ``most``."""
    rest = ""
    for block in blocks:
        rest += block
        while len(rest) > most:
            cut = _best_cut(rest, most)
            yield rest[:cut]
            rest = rest[cut:]
    if rest:
        yield rest


def _best_cut(text: str, most: int) -> int:
    for pattern in _CUTS:
        ends = [match.end() for match in pattern.finditer(text, most // 2, most)]
        if ends:
            return ends[-1]
    return most
