"""Fetches documents from the web as files to ingest."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

from carrel.core.documents import FileOutcome, IncomingFile
from carrel.core.errors import InvalidRequest, OfflineRefused
from carrel.core.web import WebRequest, WebSource


class WebService:
    """Fetches documents for the interfaces, unless ``offline`` is set."""

    def __init__(self, source: WebSource, offline: bool) -> None:
        self._source = source
        self._offline = offline

    def require_allowed(self, request: WebRequest) -> None:
        """Refuse invalid requests early, for interfaces that answer before they fetch.

        Raises:
            OfflineRefused: nothing is fetched with ``offline``.
            InvalidRequest: no address is given.
        """
        if self._offline:
            raise OfflineRefused("Nothing is fetched from the web, because --offline is set.")
        if not any(each.strip() for each in request.addresses):
            raise InvalidRequest("Give the address of a page or document to fetch.")

    async def collect(
        self, request: WebRequest, folder: Path
    ) -> AsyncGenerator[IncomingFile | FileOutcome]:
        """Fetch documents into an existing folder, and yield each as it arrives.

        An address that cannot be fetched yields a failed outcome named after it, and the next one
        follows. Closing the generator, or cancelling the task that reads it, closes the connection.
        The caller removes the folder.

        Raises:
            OfflineRefused, InvalidRequest: see ``require_allowed``; before any look-up.
            StorageFull: the disk is full.
        """
        self.require_allowed(request)
        async with aclosing(self._source.collect(request, folder)) as documents:
            async for each in documents:
                yield each
