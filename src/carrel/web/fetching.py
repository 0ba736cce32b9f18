"""One GET from the public web into a file, within limits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import httpcore

from carrel.core.errors import FetchFailed
from carrel.web.address import WebAddress
from carrel.web.body import BoundedFile, UnpackedBody, too_large
from carrel.web.failures import fetch_errors, refused_by_status

USER_AGENT = "Carrel"
MOST_REDIRECTS = 5
CONNECT_SECONDS = 10.0
_REDIRECTS = frozenset((301, 302, 303, 307, 308))


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """Limits of one fetch; ``seconds`` includes the DNS lookup."""

    most_bytes: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Answer:
    """A response: its final address and headers."""

    address: WebAddress
    status: int
    headers: dict[str, str]

    @property
    def content_type(self) -> str:
        """The media type in lower case, without parameters; empty if missing."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


Check = Callable[[Answer], None]
"""Raises if the body of a response should not be received."""

Follow = Callable[[WebAddress], None]
"""Raises if a redirect should not be followed."""


def _anything(_: object) -> None:
    """Accept everything."""


def require_success(answer: Answer) -> None:
    """Accept a successful response.

    Raises:
        FetchFailed: its status is an error.
    """
    if answer.status != 200:
        raise refused_by_status(answer.status)


class Fetcher:
    """HTTP connections, open within ``async with Fetcher(...) as fetcher``.

    No cookies, no proxies of the environment, no credentials.
    """

    def __init__(self, network: httpcore.AsyncNetworkBackend) -> None:
        """Take the network backend, which decides what may be connected to."""
        self._network = network
        self.received = 0

    async def __aenter__(self) -> Fetcher:
        self._pool = httpcore.AsyncConnectionPool(
            # Loading the certificates is slow enough to delay others on this loop.
            ssl_context=await asyncio.to_thread(httpcore.default_ssl_context),
            network_backend=self._network,
            max_connections=2,
            keepalive_expiry=5.0,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._pool.aclose()

    async def fetch(
        self,
        address: WebAddress,
        path: Path,
        limits: FetchLimits,
        check: Check = require_success,
        follow: Follow = _anything,
    ) -> Answer:
        """Write the document at an address to ``path``; cancelling closes the connection.

        Every redirect is resolved and checked like the first address.

        Raises:
            AddressRefused: an address is not on the public internet.
            FetchFailed: the server does not deliver it, or not in time.
            DocumentTooLarge: it exceeds the limit, once decompressed.
            StorageFull: the disk is full.
            CarrelError: whatever ``check`` and ``follow`` raise.
        """
        try:
            async with asyncio.timeout(limits.seconds):
                with fetch_errors():
                    return await self._follow(address, path, limits, check, follow)
        except TimeoutError as error:
            raise FetchFailed(
                f"it did not arrive within {limits.seconds:.3g} seconds: try again later"
            ) from error

    async def _follow(
        self, address: WebAddress, path: Path, limits: FetchLimits, check: Check, follow: Follow
    ) -> Answer:
        for _ in range(MOST_REDIRECTS + 1):
            async with self._pool.stream(
                "GET",
                httpcore.URL(
                    scheme=address.scheme.encode(),
                    host=address.host.encode(),
                    port=address.port,
                    target=address.target.encode(),
                ),
                headers=[
                    ("Host", address.authority),
                    ("User-Agent", USER_AGENT),
                    ("Accept", "*/*"),
                    ("Accept-Encoding", "gzip"),
                ],
                extensions={"timeout": {"connect": CONNECT_SECONDS, "read": limits.seconds}},
            ) as response:
                answer = Answer(address, response.status, _headers(response))
                location = answer.headers.get("location")
                if response.status not in _REDIRECTS or location is None:
                    check(answer)
                    await self._save(response, answer, path, limits.most_bytes)
                    return answer
            address = address.join(location)
            follow(address)
        raise FetchFailed(f"it redirects more than {MOST_REDIRECTS} times")

    async def _save(
        self, response: httpcore.Response, answer: Answer, path: Path, most_bytes: float
    ) -> None:
        announced = answer.headers.get("content-length", "")
        # The announced length is of compressed data; the rest is checked while receiving.
        if announced.isascii() and announced.isdigit() and int(announced[:20]) > most_bytes:
            raise too_large(most_bytes)
        body = UnpackedBody(answer.headers.get("content-encoding", ""))
        file = BoundedFile(path, most_bytes)
        try:
            async for data in response.aiter_stream():
                for piece in body.pieces(data):
                    file.write(piece)
                    # A small compressed piece may become a large one: yield to other tasks.
                    await asyncio.sleep(0)
            body.end()
        finally:
            self.received += file.size
            file.close()


def _headers(response: httpcore.Response) -> dict[str, str]:
    """Return the headers by lower-case name; the first of several is kept."""
    found: dict[str, str] = {}
    for name, value in response.headers:
        found.setdefault(name.decode("latin-1").lower(), _decoded(value).strip())
    return found


def _decoded(value: bytes) -> str:
    try:
        # Not in the standard, but sent by servers with file names in other scripts.
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
