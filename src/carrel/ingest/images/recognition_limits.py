"""Limits of recognising the text of one image, with any engine."""

from __future__ import annotations

from carrel.core.errors import UnreadableDocument

LONGEST_SECONDS = 120.0
DOTS_PER_INCH = 300
"""Images are prepared as if a page had been scanned so."""

LEAST_SIDE = 10
"""In pixels; no letter is smaller, and tesseract fails on it."""


def too_slow(seconds: float) -> UnreadableDocument:
    """Return the error of an image whose text takes longer than that."""
    return UnreadableDocument(
        f"recognising its text took longer than {seconds:g} seconds: "
        "save a copy with fewer pixels and add that"
    )
