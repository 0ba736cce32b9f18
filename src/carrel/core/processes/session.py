"""Finds and kills the processes of a session."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_PROCESSES = Path("/proc")
_DEAD = (b"Z", b"X")
_PAUSE_SECONDS = 0.01


def end_session(leader: int, seconds: float) -> None:
    """Kill every process of the session of ``leader``, except itself.

    Returns once none is alive, or after that many seconds. The leader must not have been waited
    for yet: only until then does its number identify the session. Where the system lists no
    processes under ``/proc``, nothing is done.
    """
    deadline = time.monotonic() + seconds
    # One that starts while the others are looked up is found by the next look.
    while members := list(_members(leader)):
        for member in members:
            with suppress(ProcessLookupError):
                os.kill(member, signal.SIGKILL)
        if time.monotonic() > deadline:
            return
        time.sleep(_PAUSE_SECONDS)


def _members(leader: int) -> Iterator[int]:
    for folder in _PROCESSES.glob("[0-9]*"):
        try:
            line = (folder / "stat").read_bytes()
        except OSError:
            # It has ended meanwhile.
            continue
        # The name before the last bracket may hold anything.
        state, _parent, _group, session = line.rpartition(b")")[2].split()[:4]
        number = int(folder.name)
        if int(session) == leader and number != leader and state not in _DEAD:
            yield number
