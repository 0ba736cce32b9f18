from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from carrel.core.runtime.reply_headers import Message, Receive, ReplyHeaders, Scope, Send

Headers = Sequence[tuple[bytes, bytes]]


async def sent(given: Headers | None, kind: str = "http", **options: Any) -> list[Message]:
    """Return what reaches the server of a reply with these headers."""
    messages: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        head = {} if given is None else {"headers": given}
        await send({"type": f"{scope['type']}.response.start", "status": 200, **head})
        await send({"type": f"{scope['type']}.response.body", "body": b"text"})

    async def receive() -> Message:
        raise AssertionError

    async def keep(message: Message) -> None:
        messages.append(message)

    await ReplyHeaders(app, {"X-Policy": "none"}, **options)({"type": kind}, receive, keep)
    return messages


async def test_a_reply_gets_the_headers_that_it_lacks() -> None:
    head, body = await sent([(b"x-own", b"1")])
    assert head["headers"] == [(b"x-own", b"1"), (b"x-policy", b"none")]
    assert body == {"type": "http.response.body", "body": b"text"}
    assert (await sent(None))[0]["headers"] == [(b"x-policy", b"none")]


async def test_a_header_of_the_reply_stays_however_it_is_written() -> None:
    head, _ = await sent([(b"X-POLICY", b"own")])
    assert head["headers"] == [(b"X-POLICY", b"own")]


async def test_headers_of_a_removed_prefix_reach_nobody() -> None:
    given = [(b"Access-Control-Allow-Origin", b"*"), (b"x-own", b"1")]
    head, _ = await sent(given, removed=(b"access-control-",))
    assert head["headers"] == [(b"x-own", b"1"), (b"x-policy", b"none")]
    assert (await sent(given))[0]["headers"][0] == given[0]


async def test_what_is_no_request_passes_unchanged() -> None:
    assert "headers" not in (await sent(None, kind="lifespan"))[0]
