"""Server-sent events, which end with an error event when something fails in the middle.

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
    """Sends events as they come, and stops their generator when the client goes away.

    The reply starts with the first event: whatever fails before it gets a status of its own.
    """

    media_type = "text/event-stream"

    def __init__(
        self, events: AsyncGenerator[bytes], errors: ErrorReplies, closing: asyncio.Event
    ) -> None:
        # "identity" and the second header keep proxies from holding events back.
        self.status_code = 200
        self.background = None
        self.init_headers({"Cache-Control": "no-cache", "X-Accel-Buffering": "no"})
        self._events = events
        self._errors = errors
        self._closing = closing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream; nothing when the client is gone before it starts."""
        reply = _Reply(self, scope, receive, send)
        try:
            await while_connected(receive, self._closing, self._send_events(reply))
        except ClientGone:
            return
        except CarrelError as error:
            await reply.fail(self._errors.of(error))
        finally:
            if reply.started and not reply.ended:
                # An error that nobody foresaw goes on to the log; the client learns of it here.
                await reply.fail(INTERNAL_REPLY)

    async def _send_events(self, reply: _Reply) -> None:
        async with aclosing(self._events) as events:
            async for each in events:
                await reply.send(each)
        await reply.end()


class _Reply:
    """How far the reply has come."""

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
        """Answer with the error: as a reply of its own, or as the last event of a started one."""
        if not self.started:
            self.started = self.ended = True
            await error.response()(*self._connection)
        else:
            await self.send(event(error.body.model_dump_json()))
            await self.end()
