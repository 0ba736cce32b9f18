"""A bound on bodies that are held in memory. Uploads go to disk and have a bound per file."""

from __future__ import annotations

import re

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY = 16_000_000
"""Bytes. Far above the longest context there is; longer texts are sent as files."""

_UPLOAD = re.compile(r"/v1/collections/[^/]+/documents")


class BodyLimit:
    """Refuses larger bodies of API requests while they arrive."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with a ``receive`` that counts."""
        if scope["type"] != "http" or not scope["path"].startswith("/v1/") or _is_upload(scope):
            await self._app(scope, receive, send)
            return
        received = 0

        async def receive_counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > LARGEST_BODY:
                raise HTTPException(413, f"The body is larger than {LARGEST_BODY:,} bytes.")
            return message

        await self._app(scope, receive_counted, send)


def _is_upload(scope: Scope) -> bool:
    content_type = Headers(scope=scope).get("content-type", "").lower()
    return content_type.startswith("multipart/form-data") and bool(_UPLOAD.fullmatch(scope["path"]))
