"""Serves original files to the page, behind its gate.

The API requires a key in a header, which a link cannot send.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from carrel.core.access import Principal
from carrel.core.documents import Source
from carrel.core.errors import CarrelError
from carrel.services.collections import CollectionService

PATH = "/original"
# An original may be a user's web page: it must not run as one of this server's.
INERT = {"Content-Security-Policy": "default-src 'none'; sandbox", "Cache-Control": "no-store"}


def original_address(source: Source) -> str:
    """Return the address of a source's file, relative to the page."""
    query = urlencode({"collection": source.collection, "document": source.document_id})
    return f"{PATH[1:]}?{query}"


class Originals:
    """Serves originals, and passes all other requests on."""

    def __init__(self, app: ASGIApp, collections: CollectionService) -> None:
        self._app = app
        self._collections = collections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send an original, as a download."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        if request.url.path.removeprefix(request.scope.get("root_path", "")) != PATH:
            await self._app(scope, receive, send)
            return
        response = await self._answer(request)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            return PlainTextResponse("An original can only be fetched.", status_code=405)
        given = request.query_params
        name, document = given.get("collection", ""), given.get("document", "")
        try:
            record = await self._collections.document(name, document, Principal())
            path = await self._collections.original(name, document, Principal())
        except CarrelError as error:
            return PlainTextResponse(str(error), status_code=404)
        return FileResponse(
            path,
            filename=PurePosixPath(record.name).name,
            media_type="application/octet-stream",
            headers=INERT,
        )
