"""The public web as a source of documents."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import httpcore

from carrel.core.documents import FileOutcome, IncomingFile
from carrel.core.errors import CarrelError, StorageFull
from carrel.core.web import WebRequest
from carrel.web.address import WebAddress
from carrel.web.allowance import Allowance, WebLimits
from carrel.web.arxiv import arxiv_pdf
from carrel.web.collecting import DocumentCollector, failed, left_out
from carrel.web.crawl import Crawl
from carrel.web.fetching import Fetcher
from carrel.web.naming import DocumentNames, Supports
from carrel.web.network import PublicNetwork


class PublicWeb:
    """A ``WebSource`` restricted to the public internet."""

    def __init__(
        self,
        limits: WebLimits,
        supports: Supports,
        network: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        """Take the limits of a request, a filter of names, and the network backend."""
        self._limits = limits
        self._supports = supports
        self._network = network or PublicNetwork()

    async def collect(
        self, request: WebRequest, folder: Path
    ) -> AsyncGenerator[IncomingFile | FileOutcome]:
        """Yield the documents as they arrive in the folder; see ``WebSource.collect``."""
        allowance = Allowance(self._limits)
        async with Fetcher(self._network) as fetcher:
            collector = DocumentCollector(fetcher, folder, allowance, DocumentNames(self._supports))
            for place, written in enumerate(request.addresses):
                limit = allowance.exhausted()
                if limit is not None:
                    yield left_out(written, limit, len(request.addresses) - place)
                    return
                try:
                    address = WebAddress.parse(arxiv_pdf(written) or written)
                    if not request.depth:
                        yield (await collector.document(address, collector.names.short))[0]
                        continue
                    crawl = Crawl(collector, self._supports, request.depth)
                    async with aclosing(crawl.documents(address)) as documents:
                        async for each in documents:
                            yield each
                except StorageFull:
                    raise
                except CarrelError as error:
                    yield failed(written, error)
