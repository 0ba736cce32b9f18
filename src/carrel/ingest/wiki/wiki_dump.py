"""Pages of a MediaWiki export (``pages-articles.xml.bz2``), streamed from any position."""

from __future__ import annotations

import bz2
import zlib
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from carrel.core.errors import UnreadableDocument
from carrel.core.wiki import DumpPosition

MOST_PAGE_BYTES = 16 << 20
"""Several times the longest page of a wiki: 2 MiB of text, which XML can enlarge."""

_MOST_HEAD_BYTES = 1 << 20
_MOST_BYTES_BETWEEN = 64 << 20
_BLOCK = 1 << 18
_PAGE, _PAGE_END, _EXPORT_END = b"<page>", b"</page>", b"</mediawiki>"
_BZIP2, _GZIP = b"BZh", b"\x1f\x8b"
_CUT = "it is cut short: download it again; the part before the cut is readable"


@dataclass(frozen=True, slots=True)
class RawPage:
    """A page as in the export, tags included, and the position after it.

    ``bytes_read`` is how much of the compressed file was read for it.
    """

    xml: bytes
    after: DumpPosition
    bytes_read: int


def read_head(path: Path) -> bytes:
    """Return the part before the first page: the root element and the site's own names.

    Raises:
        UnreadableDocument: there is no page within the first bytes, or the file is damaged.
    """
    buffer = b""
    with closing(_unpacked(path, DumpPosition())) as blocks:
        for _, block, _ in blocks:
            buffer += block
            if (end := buffer.find(_PAGE)) >= 0:
                return buffer[:end]
            if len(buffer) > _MOST_HEAD_BYTES:
                break
    if b"<mediawiki" in buffer and _EXPORT_END in buffer:
        return buffer.partition(_EXPORT_END)[0]
    raise UnreadableDocument("it is no export of a wiki: it holds no pages in MediaWiki's XML")


def read_pages(path: Path, start: DumpPosition | None = None) -> Generator[RawPage]:
    """Yield the pages from a position on; no more than one is in memory.

    A position is the ``after`` of a page that was read earlier from the same file.

    Raises:
        UnreadableDocument: the file is damaged or cut short, or a page in it is too long.
    """
    buffer = bytearray()
    # Where each compressed stream begins in the buffer: the latest one at or before a page's end is
    # the nearest position from which decompressing can resume.
    marks = [(0, start or DumpPosition())]
    ended = False
    with closing(_unpacked(path, marks[0][1])) as blocks:
        for stream, block, bytes_read in blocks:
            if stream != marks[-1][1].stream:
                marks.append((len(buffer), DumpPosition(stream)))
            searched = max(0, len(buffer) - len(_EXPORT_END))
            buffer += block
            taken = 0
            while (page := _next_page(buffer, taken, searched)) is not None:
                begin, taken = page
                while len(marks) > 1 and marks[1][0] <= taken:
                    marks.pop(0)
                place, position = marks[0]
                after = DumpPosition(position.stream, position.skipped + taken - place)
                yield RawPage(bytes(buffer[begin:taken]), after, bytes_read)
            ended = ended or buffer.find(_EXPORT_END, max(taken, searched)) >= 0
            taken = taken or _without_page(buffer)
            del buffer[:taken]
            marks = [_moved(mark, taken) for mark in marks]
            if len(buffer) > MOST_PAGE_BYTES:
                raise UnreadableDocument(
                    "it is damaged: a page in it is never closed, or longer than any real one"
                )
    if not ended:
        raise UnreadableDocument(_CUT)


def _next_page(buffer: bytearray, taken: int, searched: int) -> tuple[int, int] | None:
    """Return the span of the next complete page; the ``searched`` bytes contain no end of one."""
    end = buffer.find(_PAGE_END, max(taken, searched))
    if end < 0:
        return None
    begin = buffer.find(_PAGE, taken, end)
    end += len(_PAGE_END)
    # An end without a beginning is skipped with an empty page.
    return (end if begin < 0 else begin), end


def _without_page(buffer: bytearray) -> int:
    """Return how much of a buffer without a complete page can be dropped."""
    begin = buffer.find(_PAGE)
    return max(0, len(buffer) - 2 * len(_EXPORT_END)) if begin < 0 else begin


def _moved(mark: tuple[int, DumpPosition], taken: int) -> tuple[int, DumpPosition]:
    """Return a mark after so many bytes were taken from the front of the buffer."""
    place, position = mark
    if place >= taken:
        return place - taken, position
    return 0, DumpPosition(position.stream, position.skipped + taken - place)


def _unpacked(path: Path, start: DumpPosition) -> Generator[tuple[int, bytes, int]]:
    """Yield blocks from a position on, with their stream's offset and the bytes read so far."""
    with path.open("rb") as file:
        signature = file.read(3)
        packed = signature.startswith((_BZIP2, _GZIP))
        if not packed:
            file.seek(start.stream + start.skipped)
            while block := file.read(_BLOCK):
                yield start.stream, block, file.tell()
            return
        file.seek(start.stream)
        skip = start.skipped
        between = 0
        for stream, block in _streams(file, start.stream, signature):
            between = between + len(block) if _PAGE not in block else 0
            if between > _MOST_BYTES_BETWEEN:
                raise UnreadableDocument("it is damaged: it unpacks to no pages without end")
            rest = block[skip:]
            skip = max(0, skip - len(block))
            if rest:
                yield stream, rest, file.tell()


class _Unpacker(Protocol):
    """One compressed stream while it is read, with limits on one step's output."""

    def unpack(self, data: bytes) -> bytes: ...
    @property
    def wants_data(self) -> bool: ...
    @property
    def ended(self) -> bool: ...
    @property
    def left_over(self) -> bytes: ...


class _Bzip2:
    def __init__(self) -> None:
        self._work = bz2.BZ2Decompressor()

    def unpack(self, data: bytes) -> bytes:
        try:
            return self._work.decompress(data, _BLOCK)
        except OSError as error:
            raise UnreadableDocument("it is damaged: its contents cannot be unpacked") from error

    @property
    def wants_data(self) -> bool:
        return self._work.needs_input

    @property
    def ended(self) -> bool:
        return self._work.eof

    @property
    def left_over(self) -> bytes:
        return self._work.unused_data


class _Gzip:
    def __init__(self) -> None:
        self._work = zlib.decompressobj(wbits=31)

    def unpack(self, data: bytes) -> bytes:
        try:
            return self._work.decompress(self._work.unconsumed_tail + data, _BLOCK)
        except zlib.error as error:
            raise UnreadableDocument("it is damaged: its contents cannot be unpacked") from error

    @property
    def wants_data(self) -> bool:
        return not self._work.unconsumed_tail

    @property
    def ended(self) -> bool:
        return self._work.eof

    @property
    def left_over(self) -> bytes:
        return self._work.unused_data


def _streams(file: BinaryIO, offset: int, signature: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the content of the compressed streams, one after the other, from an offset on."""
    data = file.read(_BLOCK)
    while data.strip(b"\0"):
        unpacker: _Unpacker = _Bzip2() if signature.startswith(_BZIP2) else _Gzip()
        while not unpacker.ended:
            if not data and unpacker.wants_data:
                data = file.read(_BLOCK)
                if not data:
                    raise UnreadableDocument(_CUT)
            block = unpacker.unpack(data)
            data = b""
            if block:
                yield offset, block
        data = unpacker.left_over or file.read(_BLOCK)
        offset = file.tell() - len(data)
