"""HTTP connections with timeouts for slow clients.

A client may keep an answer open for hours, and may send a file slowly. It may not hold a connection
without sending: a few hundred of those would exhaust the process's descriptors.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from carrel.api.errors import ErrorReply
from carrel.api.middleware.open_connections import OpenConnections
from carrel.core.errors import Unavailable

if TYPE_CHECKING:
    import asyncio

    from uvicorn.config import Config
    from uvicorn.server import ServerState

REQUEST_TIMEOUT = "request_timeout"
REQUEST_TOO_LARGE = "request_too_large"

STALLED_SECONDS = 1.0
"""Longest pause within a body, in seconds; a body in transfer is never closed for space."""

UNREAD_SECONDS = 10.0
"""A client that reads nothing of its answer for so long is closed if the server is full."""

LARGEST_HEAD = 65_536
"""Bytes; the parser itself has no limit."""

TOO_SLOW = ErrorReply(408, REQUEST_TIMEOUT, "The body of the request did not come: send it again.")
LONG_HEAD = ErrorReply(
    431, REQUEST_TOO_LARGE, f"The head of the request is larger than {LARGEST_HEAD:,} bytes."
)
FULL = ErrorReply(503, Unavailable.code, "The server has as many connections as it can: try again.")


class HttpProtocol(HttpToolsProtocol):
    """Uvicorn's protocol with limits; ``protocol_with`` makes a class of it for one server."""

    open_connections: OpenConnections

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._heard = self.loop.time()
        self._head_since: float | None = self._heard
        self._unread_since: float | None = None
        self._is_whole = True
        self._head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept the connection, or refuse it if the server is full."""
        # The server opens no other kind of connection.
        others = cast("set[HttpProtocol]", self.connections)
        is_accepted = self.open_connections.accepts(others, self.loop.time())
        super().connection_made(transport)
        if not is_accepted:
            self._refuse(FULL)

    def data_received(self, data: bytes) -> None:
        """Process received data."""
        self._heard = self.loop.time()
        if self._is_whole and self._head_since is None:
            self._head_since = self._heard
        self._head_bytes = self._head_bytes + len(data) if self._is_whole else 0
        super().data_received(data)
        # A complete head has been processed; the rest of a long one is dropped.
        if self._head_since is not None and self._head_bytes > LARGEST_HEAD:
            self._refuse(LONG_HEAD)

    def on_headers_complete(self) -> None:
        """Process the head of a request."""
        self._head_since, self._is_whole, self._head_bytes = None, False, 0
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Process the end of a request."""
        self._is_whole = True
        super().on_message_complete()

    def pause_writing(self) -> None:
        """Stop sending: the client does not read."""
        self._unread_since = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        """Resume sending."""
        self._unread_since = None
        super().resume_writing()

    def eviction_rank(self, now: float) -> tuple[int, float] | None:
        """Return the eviction priority; see ``Connection``.

        First those without a head, then idle ones, then stalled bodies, then answers that nobody
        reads; of each the ones that have waited longest.
        """
        if self.transport.is_closing():
            return None
        if not self._is_answering:
            if self._head_since is not None:
                return 0, self._head_since
            return 1, self._heard
        if not self._is_whole and now - self._heard > STALLED_SECONDS:
            return 2, self._heard
        if self._unread_since is not None and now - self._unread_since > UNREAD_SECONDS:
            return 3, self._unread_since
        return None

    def expire(self, now: float) -> None:
        """Close the connection if its client sends too slowly; see ``Connection``."""
        limits = self.open_connections.limits
        if self.transport.is_closing():
            return
        if self._head_since is not None:
            # The next request of a connection waits for the answer to the previous one.
            if not self._is_answering and now - self._head_since > limits.head_seconds:
                self.abort()
        elif not self._is_whole:
            if self._is_held_up:
                self._heard = now
            elif now - self._heard > limits.body_seconds:
                self._refuse(TOO_SLOW)

    def abort(self) -> None:
        """Close the connection at once."""
        self.transport.abort()

    @property
    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    @property
    def _is_held_up(self) -> bool:
        """Whether the client waits for this side before it continues the body."""
        return self.flow.read_paused or self.cycle.waiting_for_100_continue

    def _refuse(self, reply: ErrorReply) -> None:
        """Send a reply, unless one was begun, and close."""
        is_next = self._head_since is not None and not self._is_answering
        if is_next or not self.cycle.response_started:
            self.transport.write(_whole(reply))
        if self.cycle is not None:
            # Whatever reads the body gets its end.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.close()


def protocol_with(connections: OpenConnections) -> type[HttpProtocol]:
    """Return the protocol class of one server."""
    return type("BoundHttpProtocol", (HttpProtocol,), {"open_connections": connections})


def _whole(reply: ErrorReply) -> bytes:
    response = reply.response({"Connection": "close"})
    lines = [f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}".encode("ascii")]
    lines += [name + b": " + value for name, value in response.raw_headers]
    return b"\r\n".join([*lines, b"", bytes(response.body)])
