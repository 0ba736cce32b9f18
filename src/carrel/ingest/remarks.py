"""Remarks on what a reader left out of a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from carrel.core.documents import Section

MOST_REMARKS = 100


class Remarks:
    """Collects remarks, and attaches them to the last section of a file."""

    def __init__(self) -> None:
        self._texts: list[str] = []

    def add(self, *texts: str) -> None:
        """Record what was left out, and why; at most ``MOST_REMARKS``."""
        self._texts += texts[: MOST_REMARKS - len(self._texts)]

    def carried_by(self, sections: Iterator[Section]) -> Iterator[Section]:
        """Yield the sections with text, the last of them with the remarks.

        One section is held back until it is known whether it is the last.
        """
        last: Section | None = None
        try:
            for section in sections:
                if section.text.strip():
                    if last is not None:
                        yield last
                    last = section
        except Exception:
            if last is not None:
                yield last
            raise
        if last is not None:
            yield replace(last, remarks=(*last.remarks, *self._texts))
