"""What is asked for from the web, and who fetches it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from carrel.core.documents import FileOutcome, IncomingFile


@dataclass(frozen=True, slots=True)
class WebRequest:
    """Addresses whose documents are wanted.

    A ``depth`` above 0 wants the sites, too: from each address, the pages of its host that are at
    most so many links away. An address is written as people write it: a URL without ``https://``,
    or ``arxiv:2101.00001``.
    """

    addresses: tuple[str, ...]
    depth: int = 0


class WebSource(Protocol):
    """Fetches documents from the web. It is asynchronous, as waiting is all it does."""

    def collect(
        self, request: WebRequest, folder: Path
    ) -> AsyncGenerator[IncomingFile | FileOutcome]:
        """Write documents into an existing folder, and yield each as it has arrived.

        What cannot be fetched is yielded as a failed outcome under its address, and the next one
        goes on. Closing the generator, or cancelling the task that reads it, closes the
        connection at once.

        Raises:
            StorageFull: the disk has no room.
        """
        ...
