"""Limits the text of a file relative to its size, whatever its format repeats."""

from __future__ import annotations

from pathlib import Path

from carrel.core.errors import DocumentTooLarge

MOST_CHARACTERS_PER_BYTE = 200
"""Text compresses to a tenth of its size, a log of equal lines to a hundredth."""

HARMLESS_CHARACTERS = 4_000_000
"""Below this no ratio is harmful: the text of some thousand pages."""

LEAST_SECTION = 100
"""Minimum count per section, because each becomes a chunk."""


class TextBound:
    """Counts the characters of a file against its size in bytes.

    A cell, an entity or a page that is stored once may be repeated millions of times.
    """

    def __init__(self, size: int) -> None:
        self._most = max(HARMLESS_CHARACTERS, MOST_CHARACTERS_PER_BYTE * size)
        self._characters = 0

    @classmethod
    def of(cls, path: Path) -> TextBound:
        """Return the limit of a file; one whose size is unknown has the smallest."""
        try:
            return cls(path.stat().st_size)
        except OSError:
            return cls(0)

    def count(self, characters: int) -> None:
        """Count text before it is yielded.

        Raises:
            DocumentTooLarge: it is more than any real document of this size contains.
        """
        self._characters += characters
        if self._characters > self._most:
            raise DocumentTooLarge(
                f"it would become more than {self._most:,} characters of text, more than any real "
                "document of its size: unpack it, or save it as plain text, and add that"
            )
