"""Login with the API key, before everything that Gradio serves."""

from __future__ import annotations

import hmac
import secrets
from string import Template
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from carrel.ui.i18n.texts import texts_for
from carrel.ui.i18n.theme import ASSETS, login_styles

COOKIE = "carrel-key"
LOGIN_PATH = "/login"
LARGEST_FORM = 16_384
"""Maximum bytes of a login form; keys are far shorter."""


class Login:
    """Requires the API key; without it, only the login form is served.

    Programs send it with each request, as to the API: ``Authorization: Bearer KEY``.

    After login the client has a random token in a cookie. Tokens live as long as the process, and
    the key itself is never sent back.
    """

    def __init__(self, app: ASGIApp, key: str) -> None:
        self._app = app
        self._key = key.encode("utf-8")
        self._tokens: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer with the form."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            raise RuntimeError(f"the page speaks HTTP alone, not {scope['type']}")
        request = Request(scope, receive)
        if self._is_known(request):
            await self._app(scope, receive, send)
        else:
            response = await self._answer(request)
            await response(scope, receive, send)

    def _is_known(self, request: Request) -> bool:
        if request.cookies.get(COOKIE) in self._tokens:
            return True
        given = request.headers.getlist("Authorization")
        scheme, _, key = given[0].partition(" ") if len(given) == 1 else ("", "", "")
        # Encoded as received: a key need not be ASCII, and headers are bytes.
        matches = hmac.compare_digest(key.strip().encode("latin-1"), self._key)
        return matches and scheme.lower() == "bearer"

    async def _answer(self, request: Request) -> Response:
        if request.url.path == "/" and request.method in {"GET", "HEAD"}:
            return self._form(request, wrong=False)
        if request.url.path == LOGIN_PATH and request.method == "POST":
            return await self._check(request)
        if request.url.path == LOGIN_PATH:
            return RedirectResponse("./", status_code=303)
        return PlainTextResponse("Give the API key on the first page.", status_code=401)

    async def _check(self, request: Request) -> Response:
        if not hmac.compare_digest(await _key_given(request), self._key):
            return self._form(request, wrong=True)
        token = secrets.token_urlsafe(32)
        self._tokens.add(token)
        response = RedirectResponse("./", status_code=303)
        response.set_cookie(
            COOKIE, token, httponly=True, samesite="strict", secure=request.url.scheme == "https"
        )
        return response

    def _form(self, request: Request, *, wrong: bool) -> Response:
        texts = texts_for(_languages(request.headers.get("Accept-Language", "")))
        page = Template((ASSETS / "login.html").read_text(encoding="utf-8"))
        error = f'<p class="error" role="alert">{texts.html("login.wrong")}</p>' if wrong else ""
        return HTMLResponse(
            page.substitute(
                tokens=login_styles(),
                language=texts.language,
                asks=texts.html("login.asks"),
                key=texts.html("login.key"),
                open=texts.html("login.open"),
                error=error,
            ),
            status_code=401,
            # Without a referrer, browsers send forms with an Origin of null, which is refused.
            headers={"Cache-Control": "no-store", "Referrer-Policy": "same-origin"},
        )


def _languages(accepted: str) -> list[str]:
    """Return the codes of an ``Accept-Language`` header, in order of preference."""
    return [each.split(";")[0].strip() for each in accepted.split(",")]


async def _key_given(request: Request) -> bytes:
    """Return the key of a form; empty if it is missing or too long."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_FORM:
            return b""
    fields = parse_qs(body.decode("utf-8", errors="replace"))
    return fields.get("key", [""])[0].encode("utf-8", errors="replace")
