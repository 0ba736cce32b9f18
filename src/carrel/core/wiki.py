"""A wiki's dump on its way into a collection: volumes of articles, and how far one has come."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

WIKI_COLLECTION = "wiki_full"
"""The collection that a dump goes into where none is named."""


@dataclass(frozen=True, slots=True)
class DumpPosition:
    """A place in a dump: a byte of the file where a packed stream begins, and bytes to skip in it.

    ``skipped`` counts unpacked bytes.
    """

    stream: int = 0
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class Volume:
    """A run of articles that goes into a collection as one document, whole or not at all.

    ``name`` is the wiki's name and the number of the first article. ``path`` lasts until the
    next volume is asked for. ``after`` is where the next one begins, and ``bytes_read`` how much
    of the dump was read so far.
    """

    path: Path
    name: str
    articles: int
    after: DumpPosition
    bytes_read: int


@dataclass(frozen=True, slots=True)
class WikiProgress:
    """How far a dump has come. The estimate goes by the bytes of the dump; None until there is one.

    ``articles`` and ``volumes`` count those of earlier runs too; the rate is of this run.
    """

    bytes_read: int
    bytes_total: int
    volumes: int
    articles: int
    chunks: int
    articles_per_second: float | None = None
    seconds_left: float | None = None


class WikiDump(Protocol):
    """A dump that can be read from any volume on."""

    @property
    def bytes(self) -> int:
        """The size of the file."""
        ...

    @property
    def identity(self) -> str:
        """What the volumes depend on: the file, and which articles of it are wanted."""
        ...

    def volumes(self, start: DumpPosition) -> AbstractContextManager[Iterator[Volume]]:
        """Hold the volumes from a place on; one at a time lies on the disk."""
        ...
