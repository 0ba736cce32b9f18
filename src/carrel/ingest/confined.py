"""Readers in a process with limits: a parser that hangs or dies costs only its file."""

from __future__ import annotations

import base64
import fcntl
import json
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from types import MappingProxyType
from typing import Any

from carrel.core.documents import PagePicture, PageView, Section
from carrel.core.errors import CarrelError, PlaceNotFound, UnreadableDocument
from carrel.core.reading import Reader, ReaderRegistry
from carrel.ingest.process_session import end_session

PACKAGES = Path(__file__).resolve().parents[2]
PROGRAM = (
    "import sys; sys.path[:0] = sys.argv[1:]; "
    "from carrel.ingest.reading_process import main; main()"
)
ENDED_SECONDS = 5
BLOCK = 1 << 16

READ_AHEAD = 1 << 20
"""Bytes that a reading process may be ahead, the most that Linux grants anybody.

The 64 KiB of a plain pipe are the text of about 60 chunks, which are embedded in the time in which
one page of a scan is recognised: the embedder waited for each of them.
"""

ALL_READERS = ("carrel.ingest.registry", "default_registry")


@dataclass(frozen=True, slots=True)
class ReadingLimits:
    """What reading one file may take.

    ``seconds`` bounds the processor time of a file, and the time between two of its sections;
    ``bytes`` the memory of the process that reads.
    """

    seconds: float
    bytes: int


class ConfinedReaders:
    """A ``ReaderRegistry`` whose readers work in processes of their own.

    A process reads one file after the other, and is replaced when one went wrong in it. While
    sections are taken slowly it reads ahead as far as a pipe holds, so that reading goes on beside
    what is done with them. Safe for several threads.
    """

    def __init__(
        self,
        limits: ReadingLimits,
        options: Mapping[str, str] = MappingProxyType({}),
        registry: tuple[str, str] = ALL_READERS,
        folder: Path = PACKAGES,
    ) -> None:
        """Take where the readers come from: a module of a folder, a function in it, its options."""
        first = {
            "bytes": limits.bytes,
            "seconds": max(1, round(limits.seconds)),
            "registry": registry,
            "options": dict(options),
        }
        self._start = partial(_Process, limits, first, folder)
        make = getattr(import_module(registry[0]), registry[1])
        self._registry: ReaderRegistry = make(**options)
        self._idle: list[_Process] = []
        self._reading: set[_Process] = set()
        self._lock = Lock()
        self._closed = False

    def reader_for(self, path: Path, name: str) -> Reader:
        """Return the reader of a file of this name; what the file holds, it finds out itself."""
        return _ConfinedReader(self, name)

    def supports(self, name: str) -> bool:
        """Whether a file of this name has a reader."""
        return self._registry.supports(name)

    def suffixes(self) -> Sequence[str]:
        """The suffixes that have a reader, each with its dot, sorted."""
        return self._registry.suffixes()

    def interrupt(self) -> None:
        """End the readings in work, from another thread; each raises ``UnreadableDocument``."""
        with self._lock:
            for process in self._reading:
                process.kill()

    def close(self) -> None:
        """End the processes; those that are reading end with their file."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for process in idle:
            process.end()

    def read(self, path: Path, name: str) -> Generator[Section]:
        """Yield the sections of a file."""
        for answer in self._answers({"path": str(path.resolve()), "name": name}):
            yield Section(*answer["section"])

    def paint(self, path: Path, view: PageView) -> PagePicture:
        """Return the picture of a page; see ``PagePainter``."""
        wanted = [view.page, view.width, view.quote]
        [answer] = self._answers({"path": str(path.resolve()), "view": wanted})
        content, pages, marked = answer["picture"]
        return PagePicture(base64.b64decode(content), pages, marked)

    def _answers(self, request: Mapping[str, Any]) -> Generator[dict[str, Any]]:
        process = self._taken()
        whole = False
        try:
            yield from process.answers(request)
            whole = True
        except _Refused as refused:
            whole = True
            raise refused.error from None
        finally:
            if not self._given_back(process, whole):
                process.end()

    def _taken(self) -> _Process:
        process = self._living() or self._start()
        with self._lock:
            self._reading.add(process)
        return process

    def _living(self) -> _Process | None:
        with self._lock:
            while self._idle:
                process = self._idle.pop()
                if process.lives:
                    return process
                process.end()
        return None

    def _given_back(self, process: _Process, whole: bool) -> bool:
        with self._lock:
            self._reading.discard(process)
            usable = whole and not self._closed
            if usable:
                self._idle.append(process)
            return usable


class _ConfinedReader:
    def __init__(self, readers: ConfinedReaders, name: str) -> None:
        self._readers = readers
        self._name = name

    def read(self, path: Path) -> Iterator[Section]:
        return self._readers.read(path, self._name)


class _Refused(Exception):
    """A reader's own answer, after which its process is as good as before."""

    def __init__(self, error: CarrelError) -> None:
        super().__init__(str(error))
        self.error = error


class _Process:
    """One reading process."""

    def __init__(self, limits: ReadingLimits, first: Mapping[str, Any], folder: Path) -> None:
        self._limits = limits
        self._rest = b""
        # Isolated: neither the environment nor the current folder changes what it imports.
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", PROGRAM, str(PACKAGES), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # By its session what it starts is found, should it be killed before that ends.
            start_new_session=True,
        )
        self._widen_pipe()
        # A process that is killed cannot remove its temporary files.
        self._folder = TemporaryDirectory(prefix="carrel-reading-")
        self._send({**first, "folder": self._folder.name})

    @property
    def lives(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def answers(self, request: Mapping[str, Any]) -> Generator[dict[str, Any]]:
        """Yield what it answers to a request.

        Raises:
            _Refused: the file could not be read.
            UnreadableDocument: the process did not survive it.
        """
        self._send(request)
        while answer := self._answer():
            if "error" in answer:
                raise _Refused(_error(*answer["error"]))
            yield answer

    def kill(self) -> None:
        """Stop it, from another thread than the one that reads: that one sees its output end."""
        self._process.kill()

    def end(self) -> None:
        """Stop it and all that it started, and let its pipes and its temporary files go."""
        self._process.kill()
        if self._process.returncode is None:
            end_session(self._process.pid, ENDED_SECONDS)
        self._process.communicate()
        self._folder.cleanup()

    def _widen_pipe(self) -> None:
        assert self._process.stdout is not None
        # Where the system has no such call, or grants no more, it reads less far ahead.
        with suppress(AttributeError, OSError):
            fcntl.fcntl(self._process.stdout, fcntl.F_SETPIPE_SZ, READ_AHEAD)

    def _send(self, line: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # the answer that is missing says so
            self._process.stdin.write(json.dumps(line).encode("ascii") + b"\n")
            self._process.stdin.flush()

    def _answer(self) -> dict[str, Any]:
        """Return the next line that it writes."""
        assert self._process.stdout is not None
        parts = [self._rest]
        deadline = time.monotonic() + self._limits.seconds
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while b"\n" not in parts[-1]:
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    raise self._too_slow()
                block = self._process.stdout.read1(BLOCK)  # type: ignore[attr-defined]
                if not block:
                    raise self._died()
                parts.append(block)
        line, _, self._rest = b"".join(parts).partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _too_slow(self) -> UnreadableDocument:
        return UnreadableDocument(
            f"it could not be read in {self._limits.seconds:g} seconds "
            "(max_reading_seconds): it may be damaged"
        )

    def _died(self) -> UnreadableDocument:
        end_session(self._process.pid, ENDED_SECONDS)
        if self._process.wait(ENDED_SECONDS) == -signal.SIGXCPU:
            return self._too_slow()
        return UnreadableDocument("it is probably damaged: its reader broke down over it")


def _error(code: str, message: str) -> CarrelError:
    """Return the core error of a code, of those that readers and painters raise."""
    kinds: list[type[CarrelError]] = [PlaceNotFound, *UnreadableDocument.__subclasses__()]
    for kind in kinds:
        if kind.code == code:
            return kind(message)
    return UnreadableDocument(message)
