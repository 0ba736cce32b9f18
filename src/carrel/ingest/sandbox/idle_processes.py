"""Reading processes that wait for the next file."""

from __future__ import annotations

import sys
from collections.abc import Hashable
from threading import Lock

from carrel.ingest.sandbox.sandbox_process import SandboxProcess


class IdleProcesses:
    """Living reading processes, each of a kind: what it was started with. Safe for several threads.

    Where several applications of one Python process share it, each takes over the processes of
    those that were closed; its owner closes it.
    """

    def __init__(self, most: int = sys.maxsize) -> None:
        """Take how many may wait at the most; one more ends the oldest."""
        self._most = most
        self._idle: list[tuple[Hashable, SandboxProcess]] = []
        self._lock = Lock()
        self._closed = False

    def take(self, kind: Hashable) -> SandboxProcess | None:
        """Return a living process of a kind, the one that came last, or nothing."""
        dead: list[SandboxProcess] = []
        found = None
        with self._lock:
            for place in range(len(self._idle) - 1, -1, -1):
                if self._idle[place][0] == kind:
                    process = self._idle.pop(place)[1]
                    if process.lives:
                        found = process
                        break
                    dead.append(process)
        for process in dead:
            process.end()
        return found

    def give(self, kind: Hashable, process: SandboxProcess) -> None:
        """Keep a process for the next file."""
        with self._lock:
            self._idle.append((kind, process))
            excess = len(self._idle) if self._closed else len(self._idle) - self._most
            ending = [self._idle.pop(0)[1] for _ in range(excess)]
        for each in ending:
            each.end()

    def close(self) -> None:
        """End the processes, and each that is given from now on."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for _, process in idle:
            process.end()
