"""Readers that do what hostile files make parsers do: the file says what."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from carrel.core.documents import Section
from carrel.core.errors import EncryptedDocument
from carrel.core.reading import Reader


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
            elif line == "unpack":
                yield Section(tempfile.mkdtemp())
            elif line == "umask":
                yield Section(subprocess.check_output(["sh", "-c", "umask"], text=True).strip())
            elif line == "who":
                yield Section(str(os.getpid()))
            else:
                yield Section(line, page=3, heading="Ünder")


class HostileRegistry:
    """Has that reader for every file."""

    def reader_for(self, path: Path, name: str) -> Reader:
        return HostileReader()

    def supports(self, name: str) -> bool:
        return True

    def suffixes(self) -> Sequence[str]:
        return [".txt"]


def registry() -> HostileRegistry:
    """What the reading process calls."""
    return HostileRegistry()
