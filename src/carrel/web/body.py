"""Response bodies, decompressed on the fly and limited in size."""

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
    """Decodes the ``Content-Encoding`` of a response, in pieces of bounded size."""

    def __init__(self, encoding: str) -> None:
        """Take the header's value.

        Raises:
            FetchFailed: it names an encoding other than gzip, the only one requested.
        """
        named = encoding.strip().lower()
        if named not in {"", "identity", "gzip", "x-gzip"}:
            raise FetchFailed("its server uses a compression that was not requested")
        self._unpacker = zlib.decompressobj(_GZIP) if named.endswith("gzip") else None
        self._begun = False

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """Yield the decompressed bytes.

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
                raise FetchFailed("its data is damaged: try again later") from error
            yield piece
            data = self._unpacker.unconsumed_tail or self._unpacker.unused_data

    def end(self) -> None:
        """Check that the data is complete.

        Raises:
            FetchFailed: something is missing.
        """
        if self._unpacker is not None and self._begun and not self._unpacker.eof:
            raise FetchFailed("its data is incomplete: try again later")


class BoundedFile:
    """A file of limited size."""

    def __init__(self, path: Path, most_bytes: float) -> None:
        """Create the file.

        Raises:
            StorageFull: the disk is full.
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
            StorageFull: the disk is full.
        """
        self.size += len(data)
        if self.size > self._most:
            raise too_large(self._most)
        with disk_errors(self._path):
            self._stream.write(data)

    def close(self) -> None:
        """Flush the file.

        Raises:
            StorageFull: the disk is full.
        """
        with disk_errors(self._path):
            self._stream.close()


def too_large(most_bytes: float) -> DocumentTooLarge:
    """Return the error for a document over the limit."""
    return DocumentTooLarge(
        f"it has more than the {most_bytes / MEGABYTE:g} MB that may be fetched"
    )
