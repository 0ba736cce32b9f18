"""Cancels work if its client disconnects or the server closes."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.types import Receive

from carrel.core.errors import Unavailable

Result = TypeVar("Result")


class ClientGone(Exception):
    """The client disconnected. Never shown to anyone."""


async def while_connected(
    receive: Receive, closing: asyncio.Event, work: Coroutine[Any, Any, Result]
) -> Result:
    """Return the result of the work; cancel it if the client disconnects.

    The request's body must have been read. The work has ended, including its clean-up, when this
    returns or raises.

    Raises:
        ClientGone: the client closed the connection.
        Unavailable: the server is shutting down.
    """
    task = asyncio.create_task(work)
    gone = asyncio.create_task(_disconnected(receive))
    ending = asyncio.create_task(closing.wait())
    try:
        await asyncio.wait({task, gone, ending}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        if gone.done():
            raise ClientGone
        raise Unavailable("The server is shutting down: try again when it is back.")
    finally:
        for each in (task, gone, ending):
            each.cancel()
        await asyncio.wait({task, gone, ending})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
