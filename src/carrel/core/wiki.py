"""Wiki dumps: volumes of articles and progress."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

WIKI_COLLECTION = "wiki_full"
"""The default collection of a dump."""


@dataclass(frozen=True, slots=True)
class DumpPosition:
    """A position in a dump: the byte offset of a compressed stream, and bytes to skip in it.

    ``skipped`` counts uncompressed bytes.
    """

    stream: int = 0
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class Volume:
    """A run of articles that is ingested as one document, atomically.

    ``name`` is the wiki's name and the number of the first article. ``path`` is valid until the
    next volume is requested. ``after`` is where the next one begins, ``bytes_read`` how much of
    the dump has been read.
    """

    path: Path
    name: str
    articles: int
    after: DumpPosition
    bytes_read: int


@dataclass(frozen=True, slots=True)
class WikiProgress:
    """Progress of a dump. The estimate is based on bytes; None until there is one.

    ``articles`` and ``volumes`` include earlier runs; the rate is of this run.
    """

    bytes_read: int
    bytes_total: int
    volumes: int
    articles: int
    chunks: int
    articles_per_second: float | None = None
    seconds_left: float | None = None


class WikiDump(Protocol):
    """A dump that can be read from any volume."""

    @property
    def bytes(self) -> int:
        """The size of the file."""
        ...

    @property
    def identity(self) -> str:
        """Identifies what the volumes depend on: the file, and the article filter."""
        ...

    def volumes(self, start: DumpPosition) -> AbstractContextManager[Iterator[Volume]]:
        """Yield the volumes from a position; one at a time is on the disk."""
        ...
