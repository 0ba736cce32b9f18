"""Nothing of the page passes the gate without the key."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from carrel.ui.shell.login import COOKIE, LARGEST_FORM, Login

KEY = "a long sécret key&more"


async def _inside(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"inside {request.url.path}")


@pytest.fixture
async def browser() -> AsyncIterator[httpx.AsyncClient]:
    """A client that keeps cookies, before a page behind the gate."""
    methods = ["GET", "POST"]
    inside = Starlette(routes=[Route("/{rest:path}", _inside, methods=methods)])
    transport = httpx.ASGITransport(app=Login(inside, KEY))
    async with httpx.AsyncClient(transport=transport, base_url="http://carrel") as client:
        yield client


async def test_the_first_page_is_the_form(browser: httpx.AsyncClient) -> None:
    reply = await browser.get("/")
    assert reply.status_code == 401
    assert 'name="key"' in reply.text
    assert "$" not in reply.text
    assert reply.headers["cache-control"] == "no-store"


async def test_the_form_speaks_the_browsers_language(browser: httpx.AsyncClient) -> None:
    english = (await browser.get("/")).text
    assert '<html lang="en">' in english and "This server requires an API key." in english
    reply = await browser.post(
        "/login", data={"key": "wrong"}, headers={"Accept-Language": "de-AT,de;q=0.9,en;q=0.8"}
    )
    assert '<html lang="de">' in reply.text
    for words in ("verlangt seinen Schlüssel", "API-Schlüssel", "Öffnen", "Das ist nicht"):
        assert words in reply.text
    assert "key." not in reply.text


@pytest.mark.parametrize("path", ["/config", "/gradio_api/info", "/assets/a.js", "/theme.css"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_everything_else_is_refused(
    browser: httpx.AsyncClient, path: str, method: str
) -> None:
    reply = await browser.request(method, path)
    assert reply.status_code == 401
    assert "inside" not in reply.text


async def test_the_key_opens_everything(browser: httpx.AsyncClient) -> None:
    reply = await browser.post("/login", data={"key": KEY})
    assert (reply.status_code, reply.headers["location"]) == (303, "./")
    cookie = reply.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert KEY not in cookie
    assert (await browser.get("/config")).text == "inside /config"


@pytest.mark.parametrize(
    "form", [{"key": "wrong"}, {"key": KEY[:-1]}, {"key": ""}, {}, {"other": KEY}]
)
async def test_another_key_opens_nothing(browser: httpx.AsyncClient, form: dict[str, str]) -> None:
    reply = await browser.post("/login", data=form)
    assert reply.status_code == 401
    assert "That is not the key of this server." in reply.text
    assert not browser.cookies
    assert (await browser.get("/config")).status_code == 401


async def test_an_endless_form_is_not_read_to_its_end(browser: httpx.AsyncClient) -> None:
    reply = await browser.post("/login", content=b"key=" + b"a" * LARGEST_FORM)
    assert reply.status_code == 401


async def test_an_invented_token_opens_nothing(browser: httpx.AsyncClient) -> None:
    browser.cookies.set(COOKIE, "invented")
    assert (await browser.get("/config")).status_code == 401


async def test_the_address_of_the_form_leads_to_the_first_page(browser: httpx.AsyncClient) -> None:
    reply = await browser.get("/login")
    assert (reply.status_code, reply.headers["location"]) == (303, "./")


async def test_no_other_protocol_passes() -> None:
    async def inside(scope: Scope, receive: Receive, send: Send) -> None:
        raise AssertionError("passed")

    async def receive() -> dict[str, str]:
        return {"type": "websocket.connect"}

    async def send(message: object) -> None:
        raise AssertionError(message)

    with pytest.raises(RuntimeError, match="HTTP alone"):
        await Login(inside, KEY)({"type": "websocket"}, receive, send)


async def test_programs_send_the_key_with_each_request(browser: httpx.AsyncClient) -> None:
    sent = {"Authorization": f"Bearer {KEY}".encode()}
    assert (await browser.get("/config", headers=sent)).text == "inside /config"
    for wrong in (b"Bearer nothing", KEY.encode(), f"Basic {KEY}".encode(), b"Bearer "):
        assert (await browser.get("/config", headers={"Authorization": wrong})).status_code == 401
