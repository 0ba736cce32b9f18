"""Gives memory that is no longer used back to the system."""

from __future__ import annotations

import ctypes
import gc
import sys


def free_memory() -> None:
    """Collect what only refers to itself, and hand empty pages and GPU memory back."""
    gc.collect()
    torch = sys.modules.get("torch")  # without it there is no GPU memory to give back
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
    # glibc keeps what was freed for the next allocation; other C libraries have no such call.
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
