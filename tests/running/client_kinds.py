"""Both clients behind one blocking face, so that one test serves both."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from carrel.client import AsyncClient, Client


class Driven:
    """The asynchronous client, driven step by step."""

    def __init__(self, client: AsyncClient, runner: asyncio.Runner) -> None:
        self._client = client
        self._runner = runner

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._client, name)
        if inspect.iscoroutinefunction(method):
            return lambda *given, **named: self._runner.run(method(*given, **named))
        if inspect.isasyncgenfunction(method):
            return lambda *given, **named: DrivenStream(method(*given, **named), self._runner)
        return self._streaming(method)

    def _streaming(self, method: Callable[..., Any]) -> Callable[..., Any]:
        @contextmanager
        def stream(*given: Any, **named: Any) -> Iterator[Any]:
            block = method(*given, **named)
            answer = self._runner.run(block.__aenter__())
            try:
                yield DrivenStream(answer, self._runner)
            finally:
                self._runner.run(block.__aexit__(None, None, None))

        return stream


class DrivenStream:
    """An asynchronous stream, driven."""

    def __init__(self, stream: Any, runner: asyncio.Runner) -> None:
        self._stream = stream
        self._runner = runner

    def __iter__(self) -> Iterator[str]:
        async def following(texts: Any) -> str | None:
            return await anext(texts, None)

        texts = aiter(self._stream)
        while (text := self._runner.run(following(texts))) is not None:
            yield text

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def connect(kind: str, address: str, **options: Any) -> Iterator[Any]:
    """Open the client of this kind."""
    if kind == "sync":
        with Client(address, **options) as client:
            yield client
        return
    with asyncio.Runner() as runner:
        client = AsyncClient(address, **options)
        yield Driven(client, runner)
        runner.run(client.close())
