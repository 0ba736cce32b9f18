"""What only some systems have: modules of Unix or of Windows, and the count of usable cores."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any


def system_module(name: str) -> Any | None:
    """Return a module of the standard library, or None on a system that lacks it."""
    try:
        return import_module(name)
    except ImportError:
        return None


def usable_cores() -> int:
    """Return how many processor cores this process may use; of the machine where unknown."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
