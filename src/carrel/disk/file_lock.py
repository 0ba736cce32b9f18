"""Locks on open files, by the call that the system has: ``flock``, or Windows' ``locking``.

The system lets go of a lock when the process ends, however that happens.
"""

from __future__ import annotations

import os
import time

import structlog

from carrel.core.runtime.system_modules import system_module

BEYOND_CONTENT = 1 << 30
"""Windows lets nobody else read what is locked: one byte that no file reaches is locked instead."""

PAUSE_SECONDS = 0.05

_fcntl = system_module("fcntl")
_msvcrt = system_module("msvcrt")

log = structlog.get_logger()


def try_exclusive(descriptor: int) -> bool:
    """Lock an open file for this descriptor alone; False where another one holds a lock on it."""
    if _fcntl is not None:
        try:
            _fcntl.flock(descriptor, _fcntl.LOCK_EX | _fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
    if _msvcrt is not None:
        return _locked_on_windows(descriptor)
    # Better to work without than not at all: a second process on the same folder is a mistake.
    log.warning("lock.unavailable", reason="this system locks no files")
    return True


def wait_exclusive(descriptor: int) -> None:
    """Lock an open file as `try_exclusive` does, once no other descriptor holds a lock on it."""
    if _fcntl is not None:
        _fcntl.flock(descriptor, _fcntl.LOCK_EX)
        return
    while not try_exclusive(descriptor):
        time.sleep(PAUSE_SECONDS)


def is_free(descriptor: int) -> bool:
    """Whether no other descriptor holds the lock; several processes may ask at once."""
    if _fcntl is not None:
        try:
            _fcntl.flock(descriptor, _fcntl.LOCK_SH | _fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        _fcntl.flock(descriptor, _fcntl.LOCK_UN)
        return True
    if _msvcrt is not None:
        if not _locked_on_windows(descriptor):
            return False
        _at_lock(descriptor, _msvcrt.LK_UNLCK)
    return True


def _locked_on_windows(descriptor: int) -> bool:
    assert _msvcrt is not None
    try:
        _at_lock(descriptor, _msvcrt.LK_NBLCK)
    except OSError:
        return False
    return True


def _at_lock(descriptor: int, mode: int) -> None:
    assert _msvcrt is not None
    os.lseek(descriptor, BEYOND_CONTENT, os.SEEK_SET)
    _msvcrt.locking(descriptor, mode, 1)
