"""Requests for documents from the web."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from carrel.core.documents import FileOutcome, IncomingFile


@dataclass(frozen=True, slots=True)
class WebRequest:
    """Web addresses to fetch.

    With a ``depth`` above 0 sites are crawled: from each address, the pages of its host that are at
    most that many links away. An address may be written without ``https://``, or as
    ``arxiv:2101.00001``.
    """

    addresses: tuple[str, ...]
    depth: int = 0


class WebSource(Protocol):
    """Fetches documents from the web. Asynchronous, because it mostly waits."""

    def collect(
        self, request: WebRequest, folder: Path
    ) -> AsyncGenerator[IncomingFile | FileOutcome]:
        """Write documents into an existing folder, and yield each as it arrives.

        An address that cannot be fetched yields a failed outcome, and the next one follows.
        Closing the generator, or cancelling the task that reads it, closes the connection at
        once.

        Raises:
            StorageFull: the disk is full.
        """
        ...
