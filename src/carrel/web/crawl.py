"""Crawls one site, within its robots.txt."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator

from carrel.core.documents import FileOutcome, IncomingFile
from carrel.core.errors import AddressRefused, CarrelError, FetchFailed, StorageFull
from carrel.web.address import WebAddress
from carrel.web.collecting import DocumentCollector, failed, left_out
from carrel.web.fetching import USER_AGENT, Answer, FetchLimits
from carrel.web.links import page_links
from carrel.web.naming import PAGE_TYPES, Supports, may_be_document
from carrel.web.robots import EVERYTHING, NOTHING, RobotRules, robot_rules

LONGEST_DELAY = 10.0
"""Seconds. Maximum delay between two fetches, whatever the site asks for."""

_MOST_KNOWN = 100_000
_ROBOTS_BYTES = 500_000
_ROBOTS_SECONDS = 30.0


class Crawl:
    """Breadth-first crawl of one host; it never leaves the host."""

    def __init__(self, collector: DocumentCollector, supports: Supports, depth: int) -> None:
        self._collector = collector
        self._supports = supports
        self._depth = depth
        self._known: set[WebAddress] = set()
        self._line: deque[tuple[WebAddress, int]] = deque()
        self._robots = NOTHING

    async def documents(self, start: WebAddress) -> AsyncGenerator[IncomingFile | FileOutcome]:
        """Yield the site's documents, and failed outcomes.

        Links to other hosts, disallowed links and links to unreadable types are skipped. A limit
        that is reached yields one failed outcome.

        Raises:
            StorageFull: the disk is full.
        """
        allowance = self._collector.allowance
        with allowance.spending_time():
            self._robots = await self._site_rules(start)
        self._add(start, 0)
        while self._line:
            address, depth = self._line.popleft()
            if address != start and not self._robots.allows(address.target):
                continue
            limit = allowance.exhausted()
            if limit is not None:
                yield left_out(address, limit, len(self._line) + 1)
                return
            try:
                file, answer = await self._document(start, address)
                # Before the file is yielded: the consumer may move it.
                await self._follow_links(file, answer, depth)
            except StorageFull:
                raise
            except CarrelError as error:
                yield failed(address, error)
            else:
                if file is not None:
                    yield file
            with allowance.spending_time():
                await asyncio.sleep(min(self._delay, allowance.seconds_left) if self._line else 0)

    @property
    def _delay(self) -> float:
        return min(self._robots.delay, LONGEST_DELAY)

    async def _document(
        self, start: WebAddress, address: WebAddress
    ) -> tuple[IncomingFile | None, Answer]:
        """Fetch a page; None if it was reached before by another address."""

        def follow(target: WebAddress) -> None:
            if not target.same_site(start):
                raise AddressRefused(
                    f"it leads to {target.authority}, another host: add that address by itself"
                )
            self._require_allowed(target)

        self._require_allowed(address)
        file, answer = await self._collector.document(address, self._collector.names.long, follow)
        if answer.address != address:
            if answer.address in self._known:
                file.path.unlink(missing_ok=True)
                return None, answer
            self._known.add(answer.address)
        return file, answer

    def _require_allowed(self, address: WebAddress) -> None:
        if not self._robots.allows(address.target):
            raise AddressRefused("its site does not want it fetched by programs (robots.txt)")

    async def _follow_links(self, file: IncomingFile | None, answer: Answer, depth: int) -> None:
        if file is None or depth >= self._depth or answer.content_type not in PAGE_TYPES:
            return
        for link in await asyncio.to_thread(page_links, file.path, answer.address):
            if link.same_site(answer.address) and may_be_document(link, self._supports):
                self._add(link, depth + 1)

    def _add(self, address: WebAddress, depth: int) -> None:
        if address not in self._known and len(self._known) < _MOST_KNOWN:
            self._known.add(address)
            self._line.append((address, depth))

    async def _site_rules(self, start: WebAddress) -> RobotRules:
        """Return the site's rules: no rules allow everything, an unavailable file nothing."""
        statuses: list[int] = []

        def check(answer: Answer) -> None:
            statuses.append(answer.status)
            if answer.status != 200:
                raise FetchFailed("it has no rules")

        path = self._collector.new_path()
        seconds = min(_ROBOTS_SECONDS, self._collector.allowance.seconds_left)
        limits = FetchLimits(_ROBOTS_BYTES, max(1.0, seconds))
        try:
            await self._collector.fetcher.fetch(start.join("/robots.txt"), path, limits, check)
            data = await asyncio.to_thread(path.read_bytes)
            return await asyncio.to_thread(robot_rules, data, USER_AGENT)
        except (StorageFull, AddressRefused):
            raise
        except CarrelError:
            none_there = bool(statuses) and 400 <= statuses[-1] < 500
            return EVERYTHING if none_there else NOTHING
        finally:
            path.unlink(missing_ok=True)
