"""Child side of a child process: messages of its owner, and limits."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from carrel.core.processes.frames import BLOCK, FrameReader, send_frame, write_all
from carrel.core.runtime.system_modules import system_module

_resource = system_module("resource")


class Channel:
    """The two pipes of a child process, away from its standard streams.

    Nothing that a library prints can get between the answers, and programs that the process starts
    do not inherit the pipes.
    """

    def __init__(self, requests: int, answers: int) -> None:
        requests, self._answers = _away_from_streams(requests, answers)
        self._frames = FrameReader(lambda: os.read(requests, BLOCK))

    def receive(self) -> dict[str, Any] | None:
        """Wait for the owner's next message; None once it has closed its side."""
        return self._frames.next()

    def send(self, message: Mapping[str, Any]) -> None:
        """Answer with a message.

        Raises:
            FrameTooLong: nothing of it was sent.
        """
        send_frame(self._answers, message)

    def send_encoded(self, frame: bytes) -> None:
        """Answer with an encoded message."""
        write_all(self._answers, frame)


def limit_memory(most_bytes: int) -> bool:
    """Limit the memory of the process and its children, and write no core files.

    Whether the system does so: Windows has no such limit, and macOS refuses one that is below the
    address space of any process. A lower limit of the system's own stays.
    """
    if _resource is None:
        return False
    _resource.setrlimit(_resource.RLIMIT_CORE, (0, 0))
    with suppress(ValueError):
        _resource.setrlimit(_resource.RLIMIT_AS, (most_bytes, most_bytes))
    soft, _ = _resource.getrlimit(_resource.RLIMIT_AS)
    return bool(soft != _resource.RLIM_INFINITY)


def _away_from_streams(requests: int, answers: int) -> tuple[int, int]:
    """Return the descriptors of the process's ends, with its standard streams on the null device.

    The programs that it starts do not inherit them.
    """
    if (requests, answers) == (0, 1):
        requests, answers = os.dup(0), os.dup(1)
        null = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1):
            os.dup2(null, stream)
        os.close(null)
    for descriptor in (requests, answers):
        os.set_inheritable(descriptor, False)
    return requests, answers
