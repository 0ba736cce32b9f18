"""Limits of one file: characters, chunks, and seconds of work."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from carrel.core.document_properties import NOTHING_STATED
from carrel.core.documents import Section
from carrel.core.errors import DocumentTooLarge, DocumentTooSlow
from carrel.settings.document_settings import DocumentSettings

MOST_REMARKS = 5


@dataclass(frozen=True, slots=True)
class FileLimits:
    """Limits of one file. ``seconds`` counts time spent on it, without waiting for others."""

    characters: int
    chunks: int
    seconds: float

    @classmethod
    def of(cls, documents: DocumentSettings) -> FileLimits:
        """Return the limits of the settings."""
        return cls(
            documents.max_file_characters, documents.max_file_chunks, documents.max_file_seconds
        )


class FileWork:
    """Enforces the limits of one file, and collects what its reader says of it.

    That is what it left out, and the ``properties``. Used by one thread at a time.
    """

    def __init__(self, limits: FileLimits) -> None:
        self._limits = limits
        self._characters = 0
        self._chunks = 0
        self._seconds = 0.0
        self._since: float | None = None
        self._remarks: list[str] = []
        self.properties = NOTHING_STATED

    @property
    def left_out(self) -> str | None:
        """What was left out, on one line; None if nothing."""
        if not self._remarks:
            return None
        more = len(self._remarks) - MOST_REMARKS
        shown = [*self._remarks[:MOST_REMARKS], *([f"and {more:,} more"] if more > 0 else [])]
        return f"left out: {'; '.join(shown)}"

    @contextmanager
    def clocked(self) -> Iterator[Callable[[], float]]:
        """Measure a block; yields a function that returns its seconds afterwards."""
        took = 0.0
        self._since = time.monotonic()
        try:
            yield lambda: took
        finally:
            took = time.monotonic() - self._since
            self._seconds += took
            self._since = None

    def counted(self, sections: Iterator[Section]) -> Iterator[Section]:
        """Pass sections on within the limits.

        Raises:
            DocumentTooLarge, DocumentTooSlow: a limit is exceeded.
        """
        for section in sections:
            self._remarks += section.remarks
            self.properties = self.properties or section.properties
            self._characters += len(section.text)
            if self._characters > self._limits.characters:
                raise DocumentTooLarge(
                    f"it holds more than {self._limits.characters:,} characters of text "
                    "(max_file_characters): split it, or raise that setting"
                )
            self._require_time()
            yield section

    def add(self, chunks: Sequence[object]) -> None:
        """Count chunks before they are stored.

        Raises:
            DocumentTooLarge, DocumentTooSlow: a limit is exceeded.
        """
        self._chunks += len(chunks)
        if self._chunks > self._limits.chunks:
            raise DocumentTooLarge(
                f"it becomes more than {self._limits.chunks:,} chunks (max_file_chunks): "
                "split it, or raise that setting"
            )
        self._require_time()

    def _require_time(self) -> None:
        running = 0.0 if self._since is None else time.monotonic() - self._since
        if self._seconds + running > self._limits.seconds:
            raise DocumentTooSlow(
                f"reading and indexing it takes more than {self._limits.seconds:g} seconds "
                "(max_file_seconds): split it, or raise that setting"
            )
