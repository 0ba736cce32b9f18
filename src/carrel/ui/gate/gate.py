"""Middleware in front of Gradio: routes, uploads, and files of events."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Collection
from urllib.parse import urlencode

from gradio.routes import file_upload_statuses
from starlette.datastructures import MutableHeaders
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from carrel.core.errors import CarrelError, InvalidRequest
from carrel.ui.gate.event_files import with_checked_files
from carrel.ui.gate.page_routes import (
    CONFIG,
    UPLOAD,
    UPLOAD_PROGRESS,
    begins_event,
    methods_of,
    never_changes,
)
from carrel.ui.gate.page_uploads import PageUploads
from carrel.ui.shell import login

COOKIE = "carrel-page"
"""Holds a random value: together with the login's cookie it identifies the owner of uploads."""

FOREVER = "private, max-age=31536000, immutable"
"""Without it, browsers soon fetch Gradio's scripts and styles again. ``private``: with a login, no
cache on the way may give them to others.
"""

_COOKIE_VALUE = re.compile(r"[\w-]{43}")


class Gate:
    """Serves only the routes that the page needs, and only files that the session uploaded."""

    def __init__(self, app: ASGIApp, uploads: PageUploads) -> None:
        self._app = app
        self._uploads = uploads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it to Gradio."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        methods = methods_of(path)
        if scope["method"] not in methods:
            await _not_served(methods)(scope, receive, send)
            return
        request = Request(scope, receive)
        cookie = request.cookies.get(COOKIE, "")
        known = _COOKIE_VALUE.fullmatch(cookie) is not None
        if not known:
            cookie = secrets.token_urlsafe(32)
        owner = _owner(cookie, request)
        if not known and path in ("/", CONFIG, UPLOAD):
            send = _with_cookie(send, cookie, secure=request.url.scheme == "https")
        if never_changes(path):
            send = _kept(send)
        if path == UPLOAD:
            response = await self._upload(request, owner)
            await response(scope, receive, send)
        elif begins_event(path):
            await self._event(request, owner, send)
        else:
            await self._app(_own_progress(request, path, owner), receive, send)

    async def _upload(self, request: Request, owner: str) -> Response:
        if not request.headers.get("Content-Type", "").lower().startswith("multipart/form-data"):
            return _refused("Send the files as multipart/form-data.")
        given = request.query_params.get("upload_id")
        upload_id = f"{owner}{given}" if given else None
        progress = file_upload_statuses if upload_id else None
        try:
            return JSONResponse(await self._uploads.receive(request, owner, upload_id, progress))
        except MultiPartException as error:
            too_large = "File size exceeded" in error.message
            return PlainTextResponse(error.message, status_code=413 if too_large else 400)
        except ClientDisconnect:
            return _refused("The upload ended early.")
        except CarrelError as error:
            # The disk is full, or cannot be written.
            return PlainTextResponse(str(error), status_code=507)

    async def _event(self, request: Request, owner: str, send: Send) -> None:
        try:
            checked = with_checked_files(
                await request.body(),
                lambda path, session: self._uploads.check(path, owner, session),
            )
        except ClientDisconnect:
            return
        except InvalidRequest as error:
            await _refused(str(error))(request.scope, request.receive, send)
            return
        headers = [
            (name, value) for name, value in request.scope["headers"] if name != b"content-length"
        ]
        headers.append((b"content-length", str(len(checked)).encode()))
        await self._app(
            {**request.scope, "headers": headers}, _replayed(checked, request.receive), send
        )


def _owner(cookie: str, request: Request) -> str:
    """Return an identifier of the client, made of its two cookies."""
    key = request.cookies.get(login.COOKIE, "")
    return hashlib.sha256(f"{cookie} {key}".encode()).hexdigest()


def _not_served(methods: Collection[str]) -> Response:
    if not methods:
        return JSONResponse({"detail": "Not Found"}, status_code=404)
    allow = {"Allow": ", ".join(sorted(methods))}
    return JSONResponse({"detail": "Method Not Allowed"}, status_code=405, headers=allow)


def _refused(reason: str) -> Response:
    # In the format that Gradio's clients show.
    return JSONResponse({"detail": reason}, status_code=400)


def _with_cookie(send: Send, value: str, *, secure: bool) -> Send:
    cookie = f"{COOKIE}={value}; Path=/; HttpOnly; SameSite=Lax{'; Secure' if secure else ''}"

    async def send_with_cookie(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).append("Set-Cookie", cookie)
        await send(message)

    return send_with_cookie


def _kept(send: Send) -> Send:
    """Return a ``send`` that lets browsers keep a whole file; not an error."""

    async def send_kept(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 200:
            MutableHeaders(scope=message)["Cache-Control"] = FOREVER
        await send(message)

    return send_kept


def _own_progress(request: Request, path: str, owner: str) -> Scope:
    """Return the request's scope, in which an upload's progress is only visible to its owner."""
    if path != UPLOAD_PROGRESS:
        return request.scope
    asked = urlencode({"upload_id": f"{owner}{request.query_params.get('upload_id', '')}"})
    return {**request.scope, "query_string": asked.encode()}


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Return a ``receive`` with a replaced body."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_replayed() -> Message:
        return waiting.pop() if waiting else await receive()

    return receive_replayed
