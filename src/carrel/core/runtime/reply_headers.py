"""ASGI middleware that completes the headers of replies."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class ReplyHeaders:
    """Adds the headers that a reply lacks; streams are not buffered.

    ``removed`` are prefixes, in lower case, of headers that no reply may have.
    """

    def __init__(
        self, app: Application, headers: Mapping[str, str], removed: tuple[bytes, ...] = ()
    ) -> None:
        self._app = app
        self._headers = [
            (name.lower().encode("ascii"), value.encode("ascii")) for name, value in headers.items()
        ]
        self._removed = removed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with a ``send`` that completes the head of the reply."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            """Complete the head, and pass everything on."""
            if message["type"] == "http.response.start":
                message["headers"] = self._completed(message.get("headers", ()))
            await send(message)

        await self._app(scope, receive, send_with_headers)

    def _completed(self, headers: Any) -> list[tuple[bytes, bytes]]:
        kept = [each for each in headers if not each[0].lower().startswith(self._removed)]
        names = {name.lower() for name, _ in kept}
        return kept + [each for each in self._headers if each[0] not in names]
