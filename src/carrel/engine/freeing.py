"""Returns the memory of unloaded models to the system."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

TRIM_THRESHOLD, MMAP_THRESHOLD, ARENA_MAX = -1, -3, -8
"""Parameters of glibc's ``mallopt``."""

APART = 128 * 1024
TOGETHER = 32 * 1024 * 1024
"""The maximum that glibc itself reaches, once large blocks have been freed."""


def use_one_heap() -> None:
    """Make all threads that start from now on share one heap.

    glibc makes a heap per thread that loads or runs models, and returns the end of the first only.
    Ten rounds of loading and unloading the bundled model took 14 % more memory that way, and take
    3 % with one heap.
    """
    set_option = _of_libc("mallopt")
    if set_option is not None:
        set_option(ARENA_MAX, 1)


@contextmanager
def weights_apart() -> Iterator[None]:
    """Allocate large blocks within the block outside the heap, in their own pages.

    Weights between small objects that stay would leave holes in the heap when they are freed, and
    their memory would not be returned. Outside the block, large blocks come from the heap as usual:
    fetching fresh pages for every intermediate result would slow the models down.
    """
    set_option = _of_libc("mallopt")
    if set_option is None:  # not glibc
        yield
        return
    set_option(MMAP_THRESHOLD, APART)
    try:
        yield
    finally:
        set_option(MMAP_THRESHOLD, TOGETHER)
        set_option(TRIM_THRESHOLD, 2 * TOGETHER)


def free_memory() -> None:
    """Run the garbage collector, and return empty pages and GPU memory."""
    gc.collect()
    torch = sys.modules.get("torch")  # without it there is no GPU memory to give back
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
    trim = _of_libc("malloc_trim")
    if trim is not None:
        trim(0)


def _of_libc(name: str) -> Any | None:
    """Return a function of the C library that this process runs on; None where it has none."""
    if sys.platform == "win32":  # there is no handle of the process itself
        return None
    return getattr(ctypes.CDLL(None), name, None)
