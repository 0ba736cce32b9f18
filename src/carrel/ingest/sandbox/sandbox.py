"""Runs readers in processes with limits, so that a crash only affects its file."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Generator, Iterator, Mapping, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from threading import Lock
from types import MappingProxyType
from typing import Any

from carrel.core.document_properties import DocumentProperties
from carrel.core.documents import PagePicture, PageView, Section
from carrel.core.errors import UnreadableDocument
from carrel.core.processes.child import PACKAGES
from carrel.core.protocols.reading import Reader, ReaderRegistry
from carrel.ingest.plugins.read_by_carrel import read_by_carrel
from carrel.ingest.sandbox.idle_processes import IdleProcesses
from carrel.ingest.sandbox.sandbox_process import (
    ReadingLimits,
    Refused,
    SandboxProcess,
    broke_down,
)

__all__ = ["ReadingLimits", "SandboxedReaders"]

ALL_READERS = ("carrel.ingest.registry", "chosen_registry")


class SandboxedReaders:
    """A ``ReaderRegistry`` whose readers run in separate processes.

    A process reads one file after the other, and is replaced when one went wrong in it. While
    sections are taken slowly it reads ahead as far as a pipe holds, so that reading continues
    during processing. Thread-safe.
    """

    def __init__(
        self,
        limits: ReadingLimits,
        options: Mapping[str, str] = MappingProxyType({}),
        registry: tuple[str, str] = ALL_READERS,
        folder: Path = PACKAGES,
        idle: IdleProcesses | None = None,
    ) -> None:
        """Take the location of the readers: a folder, a module, a function in it, its options.

        ``idle`` keeps the processes between two files, and beyond ``close``.
        """
        first = {
            "bytes": limits.bytes,
            "seconds": max(1, round(limits.seconds)),
            "registry": registry,
            "options": dict(options),
        }
        self._start = partial(SandboxProcess, limits, first, folder)
        make = getattr(import_module(registry[0]), registry[1])
        self._registry: ReaderRegistry = make(**options)
        self._kind = (limits, frozenset(options.items()), registry, folder)
        self._own = idle is None
        self._idle = idle if idle is not None else IdleProcesses()

    def reader_for(self, path: Path, name: str) -> Reader:
        """Return the reader of a file of this name; the process checks the content."""
        return _SandboxedReader(self, name)

    def supports(self, name: str) -> bool:
        """Whether a file of this name has a reader."""
        return self._registry.supports(name)

    def has_second_reader(self, name: str) -> bool:
        """Whether Carrel's own reader reads a file of this name where unstructured breaks down."""
        # Its class needs parsers, which the owner of the processes does not import.
        has_second = getattr(self._registry, "has_second_reader", None)
        return has_second is not None and has_second(name)

    def suffixes(self) -> Sequence[str]:
        """The suffixes that have a reader, each with its dot, sorted."""
        return self._registry.suffixes()

    def interrupt(self, reader: Reader) -> None:
        """Abort a reader, from another thread; it raises ``UnreadableDocument``."""
        if isinstance(reader, _SandboxedReader):
            reader.interrupt()

    def close(self) -> None:
        """End the processes of its own; current readings fail."""
        if self._own:
            self._idle.close()

    def paint(self, path: Path, view: PageView) -> PagePicture:
        """Return a page preview; see ``PagePainter``."""
        wanted = [view.page, view.width, view.quote]
        pictures = [
            _picture(each)
            for each in self.answers({"path": str(path.resolve()), "view": wanted}, _Reading())
        ]
        if len(pictures) != 1:
            raise broke_down()
        return pictures[0]

    def answers(self, request: Mapping[str, Any], reading: _Reading) -> Generator[dict[str, Any]]:
        """Yield the answers of a process to a request.

        Raises:
            CarrelError: what the reader raised.
            UnreadableDocument: the process crashed, or its answer is invalid.
        """
        process = self._idle.take(self._kind) or self._start()
        whole = False
        try:
            reading.begin(process)
            yield from process.answers(request)
            whole = True
        except Refused as refused:
            whole = True
            raise refused.error from None
        finally:
            reading.end()
            reading.broken = not whole
            if whole:
                self._idle.give(self._kind, process)
            else:
                process.end()


class _Reading:
    """One running reading, which another thread may interrupt, even before it begins.

    ``broken`` says whether its process did not answer to the end, ``interrupted`` whether that was
    asked for.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._process: SandboxProcess | None = None
        self.interrupted = self.broken = False

    def begin(self, process: SandboxProcess) -> None:
        with self._lock:
            if self.interrupted:
                raise UnreadableDocument("its reading was interrupted")
            self._process = process

    def end(self) -> None:
        with self._lock:
            self._process = None

    def interrupt(self) -> None:
        with self._lock:
            self.interrupted = True
            if self._process is not None:
                self._process.kill()


class _SandboxedReader:
    """Reads files of one name; its current reading can be interrupted."""

    def __init__(self, readers: SandboxedReaders, name: str) -> None:
        self._readers = readers
        self._name = name
        self._reading = _Reading()

    def read(self, path: Path) -> Iterator[Section]:
        """Yield the sections of a file.

        If unstructured takes the process with it, Carrel's own reader reads the file.
        """
        request: dict[str, Any] = {"path": str(path.resolve()), "name": self._name}
        begun = False
        try:
            for section in self._sections(request):
                begun = True
                yield section
        except UnreadableDocument as error:
            reading = self._reading
            broken = reading.broken and not reading.interrupted
            if begun or not broken or not self._readers.has_second_reader(self._name):
                raise
            yield from read_by_carrel(self._sections({**request, "own": True}), error)

    def _sections(self, request: Mapping[str, Any]) -> Iterator[Section]:
        return map(_section, self._readers.answers(request, self._reading))

    def interrupt(self) -> None:
        """Abort its reading permanently."""
        self._reading.interrupt()


def _section(answer: Mapping[str, Any]) -> Section:
    """Return the section of an answer.

    Raises:
        UnreadableDocument: the answer is no section.
    """
    match answer.get("section"):
        case [str() as text, int() | None as page, str() | None as heading, count, list() as said]:
            if isinstance(count, int | None) and all(isinstance(each, str) for each in said):
                properties = _properties(answer.get("properties", {}))
                return Section(text, page, heading, count, tuple(said), properties)
    raise broke_down()


def _properties(values: Any) -> DocumentProperties:
    try:
        return DocumentProperties.of(values if isinstance(values, dict) else {"title": values})
    except ValueError as error:
        raise broke_down() from error


def _picture(answer: Mapping[str, Any]) -> PagePicture:
    match answer:
        case {"picture": [str() as content, int() as pages, bool() as marked]}:
            try:
                return PagePicture(base64.b64decode(content, validate=True), pages, marked)
            except binascii.Error as error:
                raise broke_down() from error
    raise broke_down()
