"""A web of our own: sites on this machine at any public address that a test chooses."""

from __future__ import annotations

import asyncio
import gzip
import ipaddress
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpcore

from carrel.core.documents import FileOutcome, IncomingFile, OutcomeKind
from carrel.core.web import WebRequest
from carrel.ingest.registry import default_registry
from carrel.web.allowance import WebLimits
from carrel.web.network import PublicNetwork
from carrel.web.source import PublicWeb

LIMITS = WebLimits(
    max_file_megabytes=1,
    max_fetch_seconds=30,
    max_crawl_pages=100,
    max_crawl_megabytes=10,
    max_crawl_seconds=60,
)
SUPPORTS = default_registry().supports

PUBLIC = "93.184.216.34"

Behaviour = Callable[[asyncio.StreamWriter], Awaitable[None]]


def reply(
    body: bytes | str = b"",
    content_type: str = "text/html",
    status: int = 200,
    packed: bool = False,
    **headers: str,
) -> bytes:
    """A whole answer; an underscore in a header's name means a hyphen."""
    data = body.encode() if isinstance(body, str) else body
    if packed:
        data = gzip.compress(data)
        headers["Content_Encoding"] = "gzip"
    lines = [f"HTTP/1.1 {status} Anything", f"Content-Length: {len(data)}", "Connection: close"]
    if content_type:
        lines.append(f"Content-Type: {content_type}")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + data


def redirect(location: str) -> bytes:
    """An answer that sends elsewhere."""
    return reply(status=302, Location=location)


@dataclass
class StandInWeb:
    """Serves every host; requests are recorded in ``asked`` and ``connected``."""

    pages: dict[str, bytes | Behaviour]
    names: dict[str, Sequence[Sequence[str]]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    connected: list[str] = field(default_factory=list)
    resolved: list[str] = field(default_factory=list)
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0

    @property
    def network(self) -> PublicNetwork:
        """The guarded network, whose connections end here."""
        return PublicNetwork(self.resolve, _Rewired(self))

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        """Give a host's addresses; those of ``names`` in turn, the last ones again and again."""
        self.resolved.append(host)
        with suppress(ValueError):
            return [str(ipaddress.ip_address(host))]
        answers = self.names.get(host, ([PUBLIC],))
        return answers[min(self.resolved.count(host), len(answers)) - 1]

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        try:
            first = await reader.readexactly(1)
            if first == b"\x16":
                # The greeting of TLS, which the stand-in does not speak.
                return
            head = (first + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            self.heads.append(head)
            host = next(x[6:] for x in head.split("\r\n") if x.lower().startswith("host: "))
            url = host + head.split(" ")[1]
            self.asked.append(url)
            answer = self.pages.get(url, reply("gone", status=404))
            if isinstance(answer, bytes):
                writer.write(answer)
                await writer.drain()
            else:
                await answer(writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.closed.set()
            writer.close()


class _Rewired(httpcore.AsyncNetworkBackend):
    """Notes the address that is connected to, and connects to the stand-in."""

    def __init__(self, web: StandInWeb) -> None:
        self._web = web
        self._real = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self._web.connected.append(f"{host} {port}")
        if host == "203.0.114.9":
            raise httpcore.ConnectError("nobody there")
        return await self._real.connect_tcp("127.0.0.1", self._web.port, timeout)


@asynccontextmanager
async def stand_in_web(
    pages: dict[str, bytes | Behaviour], **names: Sequence[Sequence[str]]
) -> AsyncIterator[StandInWeb]:
    """Serve pages by host and target until the block ends."""
    web = StandInWeb(dict(pages), {name.replace("_", "."): each for name, each in names.items()})
    server = await asyncio.start_server(web.handle, "127.0.0.1", 0)
    web.port = server.sockets[0].getsockname()[1]
    try:
        yield web
    finally:
        server.close()
        await server.wait_closed()


def public_web(web: StandInWeb, limits: WebLimits = LIMITS) -> PublicWeb:
    """The source of documents over a stand-in."""
    return PublicWeb(limits, SUPPORTS, web.network)


async def collected(
    web: StandInWeb, folder: Path, *addresses: str, limits: WebLimits = LIMITS, depth: int = 0
) -> tuple[dict[str, str], list[FileOutcome]]:
    """Return the texts of the files by name, and what failed."""
    files: dict[str, str] = {}
    failures: list[FileOutcome] = []
    async for each in public_web(web, limits).collect(WebRequest(addresses, depth), folder):
        if isinstance(each, IncomingFile):
            assert each.name not in files
            files[each.name] = each.path.read_text(encoding="utf-8")
        else:
            assert each.kind is OutcomeKind.FAILED
            failures.append(each)
    return files, failures
