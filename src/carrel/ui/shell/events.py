"""Wrapper of all event handlers of the page."""

from __future__ import annotations

import functools
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import gradio as gr
from gradio.blocks import Block

from carrel.ui.shell.render import error_line
from carrel.ui.state.errors import describe

Inputs = dict[str, Block]
"""Components by the name of the handler's parameter."""

Updates = dict[Any, Any]
"""New values by component."""


class Guard:
    """Shows an error of a handler as one line in the page's notice, and clears it otherwise."""

    def __init__(self, notice: gr.HTML) -> None:
        self.notice = notice

    def once(
        self, handler: Callable[..., Awaitable[Updates]], *, clears: bool = True
    ) -> Callable[..., Any]:
        """Wrap a handler that returns its updates.

        Without ``clears`` a success leaves the notice unchanged: for events without user action.
        """

        @functools.wraps(handler)
        async def guarded(*positional: Any, **named: Any) -> Updates:
            try:
                updates = await handler(*positional, **named)
            except Exception as error:  # noqa: BLE001 - boundary of the page: shown and logged
                return {self.notice: error_line(describe(error))}
            return {self.notice: "", **updates} if clears else updates

        return guarded

    def stream(
        self, handler: Callable[..., AsyncGenerator[Updates]], *, clears: bool = True
    ) -> Callable[..., Any]:
        """Wrap a handler that yields its updates; ``clears`` means the same as in ``once``."""

        @functools.wraps(handler)
        async def guarded(*positional: Any, **named: Any) -> AsyncGenerator[Updates]:
            updates = handler(*positional, **named)
            try:
                if clears:
                    yield {self.notice: ""}
                async for update in updates:
                    yield update
            except Exception as error:  # noqa: BLE001 - boundary of the page: shown and logged
                yield {self.notice: error_line(describe(error))}
            finally:
                await updates.aclose()

        return guarded
