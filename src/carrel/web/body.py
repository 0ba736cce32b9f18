"""The bytes of an answer, unpacked as they come and counted once unpacked."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path

from carrel.core.errors import DocumentTooLarge, FetchFailed
from carrel.disk.failures import disk_errors

MEGABYTE = 1_000_000
_PIECE = 1 << 16
_GZIP = zlib.MAX_WBITS | 16


class UnpackedBody:
    """Undoes the ``Content-Encoding`` of an answer, in pieces of bounded size."""

    def __init__(self, encoding: str) -> None:
        """Take the header's value.

        Raises:
            FetchFailed: it names another encoding than gzip, which was all that was asked for.
        """
        named = encoding.strip().lower()
        if named not in {"", "identity", "gzip", "x-gzip"}:
            raise FetchFailed("its server packs it in a way that was not asked for")
        self._unpacker = zlib.decompressobj(_GZIP) if named.endswith("gzip") else None
        self._begun = False

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """Yield what the next bytes unpack to.

        Raises:
            FetchFailed: they are damaged.
        """
        if self._unpacker is None:
            yield data
            return
        while data:
            self._begun = True
            if self._unpacker.eof:
                self._unpacker = zlib.decompressobj(_GZIP)
            try:
                piece = self._unpacker.decompress(data, _PIECE)
            except zlib.error as error:
                raise FetchFailed("it arrives damaged: try again later") from error
            yield piece
            data = self._unpacker.unconsumed_tail or self._unpacker.unused_data

    def end(self) -> None:
        """Take notice that nothing more comes.

        Raises:
            FetchFailed: something is missing.
        """
        if self._unpacker is not None and self._begun and not self._unpacker.eof:
            raise FetchFailed("it arrives cut short: try again later")


class BoundedFile:
    """A file that takes so many bytes and no more."""

    def __init__(self, path: Path, most_bytes: float) -> None:
        """Make the file.

        Raises:
            StorageFull: the disk has no room.
        """
        self._path = path
        self._most = most_bytes
        self.size = 0
        with disk_errors(path):
            self._stream = path.open("wb")

    def write(self, data: bytes) -> None:
        """Append bytes.

        Raises:
            DocumentTooLarge: they are too many.
            StorageFull: the disk has no room.
        """
        self.size += len(data)
        if self.size > self._most:
            raise too_large(self._most)
        with disk_errors(self._path):
            self._stream.write(data)

    def close(self) -> None:
        """Write what is unwritten.

        Raises:
            StorageFull: the disk has no room.
        """
        with disk_errors(self._path):
            self._stream.close()


def too_large(most_bytes: float) -> DocumentTooLarge:
    """Return the error for a document of more bytes."""
    return DocumentTooLarge(
        f"it has more than the {most_bytes / MEGABYTE:g} MB that may be fetched"
    )
