"""Multipart parser that writes uploaded files to disk as they arrive.

Format: RFC 7578 (multipart/form-data). The framework's own form parser is not used, because it
receives a whole file before its size can be checked.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from carrel.core.document_names import document_name
from carrel.core.errors import InvalidRequest
from carrel.disk.failures import disk_errors

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

MOST_FILES = 1000
LONGEST_VALUE = 1000
"""Maximum bytes of a part that is not a file."""


@dataclass(frozen=True, slots=True)
class Form:
    """Allowed names of a form: of the file parts, and of the values."""

    files: str = "files"
    values: frozenset[str] = frozenset()


@dataclass(slots=True)
class ReceivedFile:
    """One file: its name without folders, its size in bytes, and its path if it ``fits``."""

    name: str
    path: Path
    content_type: str | None
    size: int = 0
    fits: bool = True


def boundary_of(content_type: str) -> bytes:
    """Return the boundary that the header names.

    Raises:
        InvalidRequest: it names none.
    """
    boundary = parse_options_header(content_type)[1].get(b"boundary")
    if not boundary:
        raise InvalidRequest("The Content-Type header names no multipart boundary.")
    return boundary


@dataclass(slots=True)
class UploadReceiver:
    """Writes the files of a form into ``folder``; ``limit`` is in bytes per file."""

    folder: Path
    limit: float
    form: Form = field(default_factory=Form)
    files: list[ReceivedFile] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)
    _value: tuple[str, bytearray] | None = None
    _complete: bool = False
    _stream: BinaryIO | None = None
    _header_name: bytearray = field(default_factory=bytearray)
    _header_value: bytearray = field(default_factory=bytearray)
    _headers: dict[bytes, bytes] = field(default_factory=dict)

    async def receive(self, boundary: bytes, body: AsyncIterator[bytes]) -> list[ReceivedFile]:
        """Read the body to its end and return the files in order.

        Raises:
            InvalidRequest: the body is malformed, incomplete, or has unknown parts.
            StorageFull: the disk is full.
        """
        try:
            # The parser's own constructor refuses a boundary that is too long.
            parser = MultipartParser(boundary, self._callbacks())
            async for data in body:
                await asyncio.to_thread(self._write, parser, data)
        except FormParserError as error:
            raise InvalidRequest("The upload is not valid multipart/form-data.") from error
        finally:
            # Closing flushes the buffer, and so can fail, too.
            with disk_errors(self.folder):
                self._close()
        if not self._complete:
            raise InvalidRequest("The upload ends before its last boundary.")
        return self.files

    def _callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._begin_part,
            "on_header_field": lambda data, start, end: self._header_name.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._header_value.extend(data[start:end]),
            "on_header_end": self._end_header,
            "on_headers_finished": self._open,
            "on_part_data": self._append,
            "on_part_end": self._close,
            "on_end": self._end,
        }

    def _write(self, parser: MultipartParser, data: bytes) -> None:
        with disk_errors(self.folder):
            parser.write(data)

    def _begin_part(self) -> None:
        self._headers.clear()

    def _end_header(self) -> None:
        self._headers[bytes(self._header_name).lower()] = bytes(self._header_value).strip()
        self._header_name.clear()
        self._header_value.clear()

    def _open(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        field_name = options.get(b"name", b"").decode(errors="replace")
        if field_name in self.form.values:
            self._value = (field_name, bytearray())
            return
        if field_name != self.form.files or b"filename" not in options:
            raise InvalidRequest(
                f"Send files in parts named '{self.form.files}'; a part is named "
                f"'{field_name[:100]}'."
            )
        if len(self.files) == MOST_FILES:
            raise InvalidRequest(f"One upload takes {MOST_FILES} files: send the rest in another.")
        name = document_name(options[b"filename"].decode(errors="replace"))
        content_type = self._headers.get(b"content-type", b"").decode("latin-1") or None
        path = self.folder / str(len(self.files))
        self._stream = path.open("wb")
        self.files.append(ReceivedFile(name, path, content_type))

    def _append(self, data: bytes, start: int, end: int) -> None:
        if self._value is not None:
            name, value = self._value
            value += data[start:end]
            if len(value) > LONGEST_VALUE:
                raise InvalidRequest(f"'{name}' is longer than {LONGEST_VALUE} bytes.")
            return
        file = self.files[-1]
        file.size += end - start
        if file.size <= self.limit and self._stream is not None:
            self._stream.write(data[start:end])
        elif file.fits:
            # The rest of it is discarded, so that the files after it are still read.
            file.fits = False
            self._close()
            file.path.unlink()

    def _close(self) -> None:
        if self._value is not None:
            name, value = self._value
            self.values[name] = value.decode(errors="replace")
            self._value = None
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _end(self) -> None:
        self._complete = True
