"""Limits request bodies in memory. Uploads are written to disk and limited per file."""

from __future__ import annotations

import re

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from carrel.api.errors import ErrorReply
from carrel.api.middleware.http_protocol import REQUEST_TOO_LARGE

LARGEST_BODY = 16_000_000
"""Bytes. Far above the longest context; longer texts are sent as files."""

TOO_LARGE = ErrorReply(413, REQUEST_TOO_LARGE, f"The body is larger than {LARGEST_BODY:,} bytes.")

_UPLOADS = re.compile(r"/v1/collections/[^/]+/documents|/gradio_api/upload")


class BodyLimit:
    """Refuses larger bodies of API requests and page events while they arrive."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with a ``receive`` that counts."""
        if scope["type"] != "http" or _is_upload(scope):
            await self._app(scope, receive, send)
            return
        received = 0
        started = False

        async def receive_counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > LARGEST_BODY:
                raise HTTPException(413, TOO_LARGE.message)
            return message

        async def send_refusal(message: Message) -> None:
            """Send the application's reply, unless the body was too large."""
            nonlocal started
            if received <= LARGEST_BODY or started:
                started = True
                await send(message)
            elif message["type"] == "http.response.start":
                await TOO_LARGE.response()(scope, receive, send)

        await self._app(scope, receive_counted, send_refusal)


def _is_upload(scope: Scope) -> bool:
    content_type = Headers(scope=scope).get("content-type", "").lower()
    return content_type.startswith("multipart/form-data") and bool(
        _UPLOADS.fullmatch(scope["path"])
    )
