"""Several streams become one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from carrel.services.merging import AT_ONCE, merged


async def letters(
    text: str, closed: list[str], fails: bool = False, pause: float = 0.0
) -> AsyncGenerator[str]:
    try:
        for each in text:
            await asyncio.sleep(pause)
            yield each
        if fails:
            raise ValueError(text)
    finally:
        closed.append(text)


async def test_every_event_comes_in_its_streams_order() -> None:
    closed: list[str] = []
    got = ["", ""]
    async for each in merged([letters("abc", closed), letters("xyz", closed)]):
        got[each.number] += each.event
    assert got == ["abc", "xyz"]
    assert sorted(closed) == ["abc", "xyz"]


async def test_a_slow_stream_does_not_hold_up_the_others() -> None:
    async with aclosing(merged([letters("a", [], pause=30), letters("x", [])])) as events:
        assert (await anext(events)).event == "x"


async def test_an_error_ends_all() -> None:
    closed: list[str] = []
    with pytest.raises(ValueError, match="bad"):
        async for _ in merged([letters("bad", closed, fails=True), letters("x", closed, pause=30)]):
            pass
    assert sorted(closed) == ["bad", "x"]


async def test_closing_closes_all() -> None:
    closed: list[str] = []
    events = merged([letters("ab", closed), letters("xy", closed, pause=30)])
    await anext(events)
    await events.aclose()
    assert sorted(closed) == ["ab", "xy"]


async def test_more_streams_than_places_all_get_their_turn() -> None:
    streams = [letters("a", []) for _ in range(3 * AT_ONCE)]
    assert {each.number async for each in merged(streams)} == set(range(3 * AT_ONCE))
