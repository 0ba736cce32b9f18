"""The pipes between a child process and its owner, passed on as the system allows it."""

from __future__ import annotations

import os
import queue
import selectors
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from threading import Thread
from typing import IO, Protocol

from carrel.core.processes.frames import BLOCK
from carrel.core.runtime.system_modules import system_module

READ_AHEAD = 1 << 20
"""Bytes that a child may be ahead, the most that Linux grants anybody.

The 64 KiB of a plain pipe are the text of about 60 chunks, which are embedded in the time in which
a reading process recognises one page of a scan: the embedder waited for each of them.
"""

PLACE_OF_DESCRIPTORS = "PIPES"
"""Placeholder in a command for the two numbers by which the process knows its ends."""


class Pipes(Protocol):
    """A process with a pipe to it and one from it, beside its standard streams."""

    process: subprocess.Popen[bytes]
    outgoing: int

    def read(self, seconds: float) -> bytes | None:
        """Return the next bytes, none at the end, and None where none come within that time."""
        ...

    def close(self) -> None:
        """Close this side; the process has ended."""
        ...


class InheritedPipes:
    """Pipes of Unix, which the process inherits by their numbers; it has a session of its own.

    Raises:
        OSError: the system starts no further process.
    """

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str] | None = None
    ) -> None:
        theirs_to_read, self.outgoing = os.pipe()
        self._incoming, theirs_to_write = os.pipe()
        fcntl = system_module("fcntl")
        # Where the system has no such call, or grants no more, it reads less far ahead.
        with suppress(AttributeError, OSError):
            fcntl.fcntl(self._incoming, fcntl.F_SETPIPE_SZ, READ_AHEAD)  # type: ignore[union-attr]
        pipes = (theirs_to_read, theirs_to_write)
        try:
            self.process = subprocess.Popen(
                with_descriptors(command, pipes),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=pipes,
                # By its session what it starts is found, should it be killed before that ends.
                start_new_session=True,
                env=environment,
            )
        except OSError:
            self.close()
            raise
        finally:
            for descriptor in pipes:
                os.close(descriptor)

    def read(self, seconds: float) -> bytes | None:
        """Return the next bytes; see ``Pipes``."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._incoming, selectors.EVENT_READ)
            if not selector.select(seconds):
                return None
        return os.read(self._incoming, BLOCK)

    def close(self) -> None:
        """Close this side."""
        os.close(self.outgoing)
        os.close(self._incoming)


class StandardPipes:
    """Pipes of Windows, which passes on the standard streams alone, and waits for no pipe.

    The process moves them away from its standard streams (see ``Channel``), and a thread waits for
    what it sends.

    Raises:
        OSError: the system starts no further process.
    """

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str] | None = None
    ) -> None:
        self.process = subprocess.Popen(
            with_descriptors(command, (0, 1)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,
            env=environment,
        )
        assert self.process.stdin is not None and self.process.stdout is not None
        self._streams: tuple[IO[bytes], ...] = (self.process.stdin, self.process.stdout)
        self.outgoing = self.process.stdin.fileno()
        self._blocks: queue.Queue[bytes] = queue.Queue(READ_AHEAD // BLOCK)
        self._closing = False
        self._thread = Thread(target=self._collect, name="read answers", daemon=True)
        self._thread.start()

    def read(self, seconds: float) -> bytes | None:
        """Return the next bytes; see ``Pipes``."""
        try:
            return self._blocks.get(timeout=max(0.001, seconds))
        except queue.Empty:
            return None

    def close(self) -> None:
        """Close this side."""
        self._closing = True
        with suppress(queue.Empty):  # the thread may wait for space
            while True:
                self._blocks.get_nowait()
        self._thread.join()
        for stream in self._streams:
            stream.close()

    def _collect(self) -> None:
        incoming = self._streams[1].fileno()
        while not self._closing:
            block = os.read(incoming, BLOCK)
            self._blocks.put(block)
            if not block:
                return


def with_descriptors(command: Sequence[str], pipes: tuple[int, int]) -> list[str]:
    """Return a command with the numbers of the process's ends in their place."""
    at = list(command).index(PLACE_OF_DESCRIPTORS)
    return [*command[:at], *map(str, pipes), *command[at + 1 :]]


def start(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Pipes:
    """Start a process with the pipes of this system; ``environment`` None is inherited.

    Raises:
        OSError: the system starts no further process.
    """
    return (InheritedPipes if os.name == "posix" else StandardPipes)(command, environment)
