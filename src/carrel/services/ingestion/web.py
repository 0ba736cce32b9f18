"""Documents from the web, as files that can be ingested."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

from carrel.core.documents import FileOutcome, IncomingFile
from carrel.core.errors import InvalidRequest, OfflineRefused
from carrel.core.web import WebRequest, WebSource


class WebService:
    """Fetches what doors ask for, unless Carrel is to stay offline."""

    def __init__(self, source: WebSource, offline: bool) -> None:
        self._source = source
        self._offline = offline

    def require_allowed(self, request: WebRequest) -> None:
        """Refuse what will not be tried at all; for doors that answer before they fetch.

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
        """Fetch documents into an existing folder, and yield each as it has arrived.

        What cannot be fetched is a failed outcome, whose name is the address, and the next one
        goes on. Closing the generator, or cancelling the task that reads it, closes the
        connection. Whoever gave the folder removes it.

        Raises:
            OfflineRefused, InvalidRequest: see ``require_allowed``; before any look-up.
            StorageFull: the disk has no room.
        """
        self.require_allowed(request)
        async with aclosing(self._source.collect(request, folder)) as documents:
            async for each in documents:
                yield each
