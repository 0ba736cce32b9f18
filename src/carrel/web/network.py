"""Connections to the public internet only."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence

import httpcore

from carrel.core.errors import AddressRefused, FetchFailed
from carrel.web.public_addresses import is_public

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""Resolves a host and port to IP addresses."""

_MOST_TRIED = 4


async def system_addresses(host: str, port: int) -> Sequence[str]:
    """Resolve a host with the operating system.

    Raises:
        FetchFailed: it has none.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise FetchFailed(f"the host {host} was not found: check the address") from error
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class PublicNetwork(httpcore.AsyncNetworkBackend):
    """Resolves a host, refuses it if any of its addresses is not public, and connects to these.

    The connection uses the very addresses that were checked, so that a name server that
    answers differently the next time has no effect. The name stays in the Host header and in
    TLS, which compares the certificate with it.
    """

    def __init__(
        self,
        resolve: Resolver = system_addresses,
        connector: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        """Take the resolver and the connector."""
        self._resolve = resolve
        self._connector = connector or httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 (the library's signature)
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first of the host's addresses that answers.

        Raises:
            AddressRefused: one of them is not public.
            FetchFailed: it has none.
            httpcore.ConnectError, httpcore.ConnectTimeout: none answers.
        """
        addresses = await self._checked(host, port)
        for address in addresses[:-1]:
            try:
                return await self._connector.connect_tcp(address, port, timeout)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._connector.connect_tcp(addresses[-1], port, timeout)

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Refuse: no web address is a Unix socket."""
        raise AddressRefused("it leads to this machine itself")

    async def sleep(self, seconds: float) -> None:
        """Wait before another attempt."""
        await asyncio.sleep(seconds)

    async def _checked(self, host: str, port: int) -> Sequence[str]:
        if host == "localhost" or host.endswith(".localhost"):
            raise AddressRefused("it leads to this machine itself: only the public web is fetched")
        addresses = await self._resolve(host, port)
        if not addresses:
            raise FetchFailed(f"the host {host} was not found: check the address")
        # One that is not public is enough: such names are made to bypass checks.
        if not all(is_public(each) for each in addresses):
            raise AddressRefused(
                "its host is not on the public internet: save the page and add it as a file"
            )
        return addresses[:_MOST_TRIED]
