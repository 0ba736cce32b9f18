"""Serialises the imports of large libraries."""

from __future__ import annotations

from threading import Lock

library_imports = Lock()
"""Held while transformers, or what imports it, is imported in a thread.

The models, the score model and the embedder load side by side. transformers replaces itself in
``sys.modules`` at the end of its import: another thread that waits for it would then take names
from the unfinished module and fail with an ImportError. It was seen in four starts of six.
"""
