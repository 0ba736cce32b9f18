"""Limits the processor time of a process."""

from __future__ import annotations

from contextlib import suppress
from math import ceil

from carrel.core.runtime.system_modules import system_module

_resource = system_module("resource")


def limit_time(seconds: int) -> None:
    """Limit the processor time from now on; the system kills a process that exceeds it.

    Where it has no such limit, the owner's limit of the time between two answers remains.
    """
    if _resource is None:
        return
    used = _resource.getrusage(_resource.RUSAGE_SELF)
    _set_limit(int(used.ru_utime + used.ru_stime) + seconds)


def add_time(seconds: float) -> None:
    """Move the limit, if there is one, by that much.

    Work with a limit of its own, for each of any number of pages, is added afterwards.
    """
    if _resource is None:
        return
    end, _ = _resource.getrlimit(_resource.RLIMIT_CPU)
    if end != _resource.RLIM_INFINITY:
        _set_limit(end + ceil(seconds))


def _set_limit(end: int) -> None:
    assert _resource is not None
    with suppress(ValueError):  # a lower limit of the system's own stays
        _resource.setrlimit(_resource.RLIMIT_CPU, (end, _resource.RLIM_INFINITY))
