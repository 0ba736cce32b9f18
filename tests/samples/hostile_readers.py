"""Readers that do what hostile files make parsers do: the file says what."""

from __future__ import annotations

import logging
import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path

import structlog

from carrel.core.documents import Section
from carrel.core.errors import EncryptedDocument
from carrel.core.protocols.reading import Reader


class HostileReader:
    """Reads a line for a section, and obeys the lines that are commands."""

    def read(self, path: Path) -> Iterator[Section]:
        for line in path.read_text(encoding="utf-8").splitlines():
            if line == "hang":
                time.sleep(3600)
            elif line == "compute":
                while True:
                    pass
            elif line == "eat":
                yield Section(str(len(bytearray(1 << 40))))
            elif line == "crash":
                os.abort()
            elif line == "fault":
                raise RuntimeError("nobody expects this")
            elif line == "lock":
                raise EncryptedDocument("it is password protected")
            elif line == "print":
                os.write(1, b"a library's own words\n")
                sys.stderr.write("more of them\n")
            elif line == "shout":
                for descriptor in (1, 2):
                    os.write(descriptor, b"secret words of the document\n" * 200_000)
                print("secret words \u2603", flush=True)
            elif line == "log":
                say_all("secret words of the document \u2603")
            elif line == "listen":
                yield Section(f"heard {sys.stdin.read()!r}")
            elif line == "segfault":
                os.kill(os.getpid(), signal.SIGSEGV)
            elif line == "flood":
                for number in count():
                    yield Section(f"The line of number {number} is one of very many.")
            elif line.startswith("garbage "):
                garble(bytes.fromhex(line.split()[1]))
            elif line == "unpack":
                yield Section(tempfile.mkdtemp())
            elif line == "umask":
                yield Section(subprocess.check_output(["sh", "-c", "umask"], text=True).strip())
            elif line == "who":
                yield Section(str(os.getpid()))
            else:
                yield Section(line, page=3, heading="Ünder")


def say_all(text: str) -> None:
    """Log by both ways that readers and their libraries have, without any set-up."""
    for _ in range(1_000):
        structlog.get_logger().warning("document.left_out", reason=text)
        logging.getLogger("library").error("cannot read %s", text)
    logging.getLogger("library").warning(f"{text} of no use")
    structlog.get_logger("other").info(text)


def garble(data: bytes) -> None:
    """Write into the pipe of the answers, as only a reader that was taken over would."""
    for entry in Path("/proc/self/fd").iterdir():
        descriptor = int(entry.name)
        with suppress(OSError):
            if descriptor > 2 and stat.S_ISFIFO(os.fstat(descriptor).st_mode):
                os.write(descriptor, data)


class HostileRegistry:
    """Has that reader for every file."""

    def reader_for(self, path: Path, name: str) -> Reader:
        return HostileReader()

    def interrupt(self, reader: Reader) -> None:
        """Do nothing: the process is ended."""

    def supports(self, name: str) -> bool:
        return True

    def suffixes(self) -> Sequence[str]:
        return [".txt"]


def registry() -> HostileRegistry:
    """What the reading process calls."""
    return HostileRegistry()
