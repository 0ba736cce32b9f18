"""Imports without the garbage collector."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_lock = Lock()
_pauses = 0
_was_enabled = False


@contextmanager
def collection_paused() -> Iterator[None]:
    """Keep Python from looking for cyclic garbage within the block, in any thread.

    For the import of a large library: it makes millions of objects that stay, among which the
    collector looks for garbage again and again, for a sixth of the processor time that importing
    torch, transformers, sentence-transformers and gradio takes. Blocks may nest and overlap.
    """
    global _pauses, _was_enabled
    with _lock:
        if _pauses == 0:
            _was_enabled = gc.isenabled()
            gc.disable()
        _pauses += 1
    try:
        yield
    finally:
        with _lock:
            _pauses -= 1
            if _pauses == 0 and _was_enabled:
                gc.enable()
