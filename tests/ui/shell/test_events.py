"""Errors of handlers become one line of the page."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator

import gradio as gr
import pytest
from structlog.testing import capture_logs

from carrel.core.errors import AlreadyExists
from carrel.ui.shell.events import Guard, Updates
from carrel.ui.shell.render import error_line
from carrel.ui.state.errors import UNEXPECTED


@pytest.fixture
async def guard() -> Guard:
    """A guard with a notice of its own."""
    with gr.Blocks(analytics_enabled=False):
        return Guard(gr.HTML(""))


async def test_a_success_clears_the_notice(guard: Guard) -> None:
    async def handler(*, name: str) -> Updates:
        return {"component": name}

    assert await guard.once(handler)(name="x") == {guard.notice: "", "component": "x"}


async def test_what_runs_by_itself_leaves_the_notice_as_it_is(guard: Guard) -> None:
    async def handler() -> Updates:
        return {"component": 1}

    assert await guard.once(handler, clears=False)() == {"component": 1}


async def test_a_known_error_is_shown_with_its_message(guard: Guard) -> None:
    async def handler() -> Updates:
        raise AlreadyExists("The name <b> is taken.")

    with capture_logs() as logs:
        updates = await guard.once(handler)()
    assert "The name &lt;b&gt; is taken." in updates[guard.notice]
    assert logs == []


async def test_an_unknown_error_is_logged_and_not_shown(guard: Guard) -> None:
    async def handler() -> Updates:
        raise ZeroDivisionError("secret detail")

    with capture_logs() as logs:
        updates = await guard.once(handler)()
    assert updates[guard.notice] == error_line(UNEXPECTED)
    assert "secret detail" not in updates[guard.notice]
    (entry,) = logs
    assert isinstance(entry["exc_info"], ZeroDivisionError)


async def test_a_stream_shows_its_error_after_what_it_yielded(guard: Guard) -> None:
    async def handler() -> AsyncGenerator[Updates]:
        yield {"component": 1}
        raise AlreadyExists("Taken.")

    updates = [each async for each in guard.stream(handler)()]
    assert updates[:2] == [{guard.notice: ""}, {"component": 1}]
    assert "Taken." in updates[2][guard.notice]


async def test_closing_a_stream_closes_the_handler(guard: Guard) -> None:
    closed = []

    async def handler() -> AsyncGenerator[Updates]:
        try:
            yield {"component": 1}
        finally:
            closed.append(True)

    stream = guard.stream(handler)()
    await anext(stream)
    await anext(stream)
    await stream.aclose()
    assert closed == [True]


async def test_gradio_sees_the_parameters_of_the_handler(guard: Guard) -> None:
    async def handler(event: gr.EventData, *, name: str) -> Updates:
        return {}

    assert inspect.signature(guard.once(handler)) == inspect.signature(handler)
