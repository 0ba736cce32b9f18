"""Server-sent events with error events.

Format: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from carrel.api.errors import INTERNAL_REPLY, ErrorReplies, ErrorReply
from carrel.api.middleware.connection import ClientGone, while_connected
from carrel.core.errors import CarrelError

DONE = b"data: [DONE]\n\n"


def event(data: str) -> bytes:
    """Return one event; JSON has no line breaks, so one ``data`` line holds it."""
    return f"data: {data}\n\n".encode()


class EventStream(Response):
    """Sends events as they arrive, and stops their generator if the client disconnects.

    The reply starts with the first event: an error before it gets its own status.
    """

    media_type = "text/event-stream"

    def __init__(
        self, events: AsyncGenerator[bytes], errors: ErrorReplies, closing: asyncio.Event
    ) -> None:
        # "identity" and the second header keep proxies from buffering events.
        self.status_code = 200
        self.background = None
        self.init_headers({"Cache-Control": "no-cache", "X-Accel-Buffering": "no"})
        self._events = events
        self._errors = errors
        self._closing = closing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream; nothing if the client disconnected before it starts."""
        reply = _Reply(self, scope, receive, send)
        try:
            await while_connected(receive, self._closing, self._send_events(reply))
        except ClientGone:
            return
        except CarrelError as error:
            await reply.fail(self._errors.of(error))
        finally:
            if reply.started and not reply.ended:
                # An unexpected error is raised again for the log; the client gets it here.
                await reply.fail(INTERNAL_REPLY)

    async def _send_events(self, reply: _Reply) -> None:
        async with aclosing(self._events) as events:
            async for each in events:
                await reply.send(each)
        await reply.end()


class _Reply:
    """Progress of the reply."""

    def __init__(self, stream: EventStream, scope: Scope, receive: Receive, send: Send) -> None:
        self.started = self.ended = False
        self._stream = stream
        self._connection = (scope, receive, send)
        self._send = send

    async def send(self, data: bytes) -> None:
        """Send an event, after the head of the reply if it is the first."""
        if not self.started:
            self.started = True
            head = {"status": self._stream.status_code, "headers": self._stream.raw_headers}
            await self._send({"type": "http.response.start", **head})
        await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def end(self) -> None:
        """Send the end of the reply."""
        self.ended = True
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def fail(self, error: ErrorReply) -> None:
        """Send the error: as a reply, or as the last event of a started one."""
        if not self.started:
            self.started = self.ended = True
            await error.response()(*self._connection)
        else:
            await self.send(event(error.body.model_dump_json()))
            await self.end()
