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


async def test_a_single_stream_is_passed_through_in_the_callers_task() -> None:
    closed: list[str] = []
    tasks = len(asyncio.all_tasks())
    got = ""
    async for each in merged([letters("abc", closed)]):
        assert len(asyncio.all_tasks()) == tasks
        assert each.number == 0
        got += each.event
    assert got == "abc"
    assert closed == ["abc"]


async def test_an_error_of_a_single_stream_is_raised_after_its_events() -> None:
    closed: list[str] = []
    got = ""
    with pytest.raises(ValueError, match="bad"):
        async for each in merged([letters("bad", closed, fails=True)]):
            got += each.event
    assert got == "bad"
    assert closed == ["bad"]


async def test_closing_closes_a_single_stream() -> None:
    closed: list[str] = []
    events = merged([letters("ab", closed)])
    await anext(events)
    await events.aclose()
    assert closed == ["ab"]


@pytest.mark.parametrize("texts", [["ab"], ["ab", "xy"]])
async def test_cancelling_the_reader_closes_all(texts: list[str]) -> None:
    async def read() -> None:
        async with aclosing(merged([letters(each, closed, pause=30) for each in texts])) as events:
            async for _ in events:
                pass

    closed: list[str] = []
    reader = asyncio.create_task(read())
    await asyncio.sleep(0.01)
    reader.cancel()
    await asyncio.wait([reader])
    assert reader.cancelled()
    assert sorted(closed) == texts


async def test_a_stream_that_is_closed_before_its_first_event_never_starts() -> None:
    closed: list[str] = []
    await merged([letters("ab", closed)]).aclose()
    assert closed == []
