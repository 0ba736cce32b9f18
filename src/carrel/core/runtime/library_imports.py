"""Serialises the imports of large libraries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from carrel.core.runtime.collection_pause import collection_paused

_lock = Lock()


@contextmanager
def library_imports() -> Iterator[None]:
    """Hold while transformers, or what imports it, is imported in a thread.

    The models, the score model and the embedder load side by side. transformers replaces itself in
    ``sys.modules`` at the end of its import: another thread that waits for it would then take names
    from the unfinished module and fail with an ImportError. It was seen in four starts of six.
    """
    with _lock, collection_paused():
        yield
