"""Plays the package unstructured: what it sends and prints, and what it returns.

The real one sends a request when it is imported, unless a variable says not to.
"""

from __future__ import annotations

import os

SENT = not any(os.environ.get(name, "").strip() for name in ("DO_NOT_TRACK", "SCARF_NO_ANALYTICS"))
