"""Embedded files: attachments of mail, members of archives. Read by the same registry."""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

import structlog

from carrel.core.document_names import numbered_name
from carrel.core.documents import READABLE, Section
from carrel.core.errors import CarrelError, EmptyDocument, UnreadableDocument
from carrel.core.log_reason import log_reason
from carrel.core.protocols.reading import ReaderRegistry
from carrel.ingest.archives.package import MOST_UNPACKED_BYTES
from carrel.ingest.failures import as_core_error, checked_sections
from carrel.ingest.remarks import Remarks
from carrel.ingest.text.blocks import heading_line
from carrel.ingest.text.cleaning import one_line

MOST_DEPTH = 8
MOST_FILES = 1_000
_BLOCK = 1 << 20
_READS = f": Carrel reads {READABLE}"

log = structlog.get_logger()


@dataclass
class _Unpacked:
    """What one reading has unpacked so far, at every depth, and why it had to stop."""

    files: int = 0
    size: int = 0
    refusal: UnreadableDocument | None = None

    def refuse(self, reason: str) -> UnreadableDocument:
        self.refusal = UnreadableDocument(reason)
        return self.refusal


class Contents:
    """Reads the files embedded in one file, within limits for all of them together.

    An embedded file that cannot be read is skipped with a remark. The limits bound what a small
    hostile file can unpack to: ``MOST_FILES``, ``MOST_UNPACKED_BYTES``, and ``MOST_DEPTH`` levels
    of nesting.
    """

    def __init__(
        self, registry: ReaderRegistry, depth: int = 0, total: _Unpacked | None = None
    ) -> None:
        """Take the registry of the embedded files' readers; the rest is for nesting."""
        self.remarks = Remarks()
        self._registry = registry
        self._depth = depth
        self._total = total or _Unpacked()
        self._first_failure: str | None = None
        self._labels: set[str] = set()

    def read(self, name: str, data: bytes | IO[bytes]) -> Iterator[Section]:
        """Yield the sections of an embedded file; their headings begin with its name.

        The second file of a name is numbered. ``name`` may have folders before it. ``data`` may be
        a stream that unpacks as it is read.

        Raises:
            UnreadableDocument: a limit is exceeded.
        """
        stream = io.BytesIO(data) if isinstance(data, bytes) else data
        return self._guarded(self._label(name), self._unpacked(name, stream))

    def read_part(
        self, name: str, sections: Callable[[Contents], Iterator[Section]]
    ) -> Iterator[Section]:
        """Do the same for a part that is not a file itself, but may contain files.

        ``sections`` is called with the contents to read those from.
        """
        return self._guarded(_printable(name), self._part(sections))

    def _label(self, name: str) -> str:
        label = _printable(name)
        if label in self._labels:
            label = numbered_name(label, self._labels.__contains__)
        self._labels.add(label)
        return label

    def _guarded(self, label: str, sections: Generator[Section]) -> Generator[Section]:
        """Yield the sections under the embedded file's label, and nothing more if it fails."""
        self._total.files += 1
        if self._total.files > MOST_FILES:
            raise self._total.refuse(f"it holds more than {MOST_FILES:,} files: add them singly")
        try:
            with closing(sections):
                for section in sections:
                    heading = _within(label, section.heading)
                    self.remarks.add(*(f"{label}: {each}" for each in section.remarks))
                    # Its pages say nothing about the page count of the whole file.
                    yield replace(section, heading=heading, page_count=None, remarks=())
        except Exception as error:
            # Like the reader's own boundary: libraries raise undocumented exceptions.
            reason = as_core_error(error)
            if reason is self._total.refusal:
                raise
            log.info("document.contained_file_left_out", reason=log_reason(reason))
            self.remarks.add(f"{label}: {str(reason).removesuffix(_READS)}")
            self._first_failure = self._first_failure or f"{label}: {reason}"

    def reset_count(self) -> None:
        """Count files from zero, as for the next message of a mailbox; bytes are still added up."""
        self._total.files = 0
        self._labels.clear()

    def nothing_read(self) -> CarrelError:
        """Return the error of a file without any section: the first failure in it, if any."""
        if self._first_failure is None:
            return EmptyDocument("it holds no text")
        return UnreadableDocument(f"nothing in it can be read: {self._first_failure}")

    def _unpacked(self, name: str, stream: IO[bytes]) -> Generator[Section]:
        with TemporaryDirectory(prefix="carrel-contained-") as folder:
            path = Path(folder) / "file"
            self._unpack(stream, path)
            reader = self._registry.reader_for(path, name)
            if isinstance(reader, ContainerReader):
                yield from reader.read_inside(path, self._deeper())
            else:
                yield from reader.read(path)

    def _part(self, sections: Callable[[Contents], Iterator[Section]]) -> Generator[Section]:
        yield from sections(self._deeper())

    def _deeper(self) -> Contents:
        if self._depth >= MOST_DEPTH:
            raise UnreadableDocument("it is nested too deeply")
        return Contents(self._registry, self._depth + 1, self._total)

    def _unpack(self, stream: IO[bytes], path: Path) -> None:
        with path.open("wb") as target:
            while block := stream.read(_BLOCK):
                self._total.size += len(block)
                if self._total.size > MOST_UNPACKED_BYTES:
                    raise self._total.refuse(
                        f"its contents unpack to more than {MOST_UNPACKED_BYTES / 1e9:.1f} GB: "
                        "add them singly"
                    )
                target.write(block)


class ContainerReader(ABC):
    """A reader of files with embedded files. It takes the registry that reads those."""

    def __init__(self, registry: ReaderRegistry) -> None:
        self._registry = registry

    @checked_sections
    def read(self, path: Path) -> Generator[Section]:
        """Yield the sections of the file and its embedded files, in reading order."""
        yield from self.read_inside(path, Contents(self._registry))

    def read_inside(self, path: Path, contents: Contents) -> Generator[Section]:
        """Do the same for a file within another, whose limits ``contents`` enforces."""
        found = False
        for section in contents.remarks.carried_by(self.sections(path, contents)):
            found = True
            yield section
        if not found:
            raise contents.nothing_read()

    @abstractmethod
    def sections(self, path: Path, contents: Contents) -> Iterator[Section]:
        """Yield the sections, those of embedded files from ``contents.read``."""


def _printable(name: str) -> str:
    # Bidirectional control characters would disguise the name.
    printable = "".join(each if each.isprintable() else " " for each in name)
    return one_line(printable.replace("\\", "/"))


def _within(name: str, heading: str | None) -> str | None:
    return heading_line(name if heading is None else f"{name}: {heading}")
