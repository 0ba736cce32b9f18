"""Ends the page's open streams at shutdown.

An open page holds an endless stream, which would delay the shutdown until it is cut off. The API's
own answers end with an error event.
"""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from carrel.api.errors import reply_with
from carrel.api.middleware.security import is_api
from carrel.core.errors import Unavailable


class EndOpenPages:
    """Cancels the page's requests once ``closing`` is set."""

    def __init__(self, app: ASGIApp, closing: asyncio.Event) -> None:
        self._app = app
        self._closing = closing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and end its reply if the server closes first."""
        if scope["type"] != "http" or is_api(scope["path"]):
            await self._app(scope, receive, send)
            return
        reply = _Reply(send)
        serving = asyncio.create_task(self._serve(scope, receive, reply.send))
        closing = asyncio.create_task(self._closing.wait())
        tasks = {serving, closing}
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            cut = not serving.done()
            for each in tasks:
                each.cancel()
            await asyncio.wait(tasks)
        if not cut:
            serving.result()
        elif not reply.started:
            message = "The server is shutting down: try again when it is back."
            await reply_with(Unavailable, message).response()(scope, receive, send)
        elif reply.open_ended:
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


class _Reply:
    """Tracks the progress of a reply. ``open_ended`` ones may end anywhere."""

    def __init__(self, send: Send) -> None:
        self.started = self.open_ended = False
        self._send = send

    async def send(self, message: Message) -> None:
        """Send a message of the reply."""
        if message["type"] == "http.response.start":
            self.started = True
            names = {name.lower() for name, _ in message.get("headers", [])}
            self.open_ended = b"content-length" not in names
        elif not message.get("more_body", False):
            self.open_ended = False
        await self._send(message)
