from __future__ import annotations

import asyncio
import threading

import pytest

from carrel.core.errors import ModelLoadFailed, ModelNotFound, ModelNotReady
from carrel.core.protocols import Engine
from carrel.engine.pool import ModelPool, NamedLoader
from carrel.engine.scripted import ScriptedEngine


def scripted(name: str) -> NamedLoader:
    return NamedLoader(name, lambda: ScriptedEngine(name=name))


def missing(name: str) -> NamedLoader:
    def load() -> Engine:
        raise ModelNotFound(f"Model {name} not found.")

    return NamedLoader(name, load)


class Gate:
    """A loader that waits until it is let go."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.entered = threading.Event()

    def loader(self, name: str) -> NamedLoader:
        def load() -> Engine:
            self.entered.set()
            assert self.opened.wait(30)
            return ScriptedEngine(name=name)

        return NamedLoader(name, load)


async def test_models_are_served_in_order_the_first_by_default() -> None:
    pool = ModelPool([scripted("a"), scripted("b")])
    pool.wait_until_ready()
    assert [info.name for info in pool.models()] == ["a", "b"]
    assert pool.get(None).info.name == "a"
    assert pool.get("b").info.name == "b"
    await pool.close()


async def test_an_unknown_model_is_answered_with_those_in_service() -> None:
    pool = ModelPool([scripted("a"), scripted("b")])
    pool.wait_until_ready()
    with pytest.raises(ModelNotFound, match=r"c is not in service. In service: a, b"):
        pool.get("c")
    await pool.close()


async def test_a_model_that_loads_is_not_ready_and_does_not_block() -> None:
    gate = Gate()
    pool = ModelPool([scripted("a"), gate.loader("b")])
    pool.start()
    assert await asyncio.to_thread(gate.entered.wait, 30)
    assert pool.get("a").info.name == "a"
    with pytest.raises(ModelNotReady, match="b is still loading"):
        pool.get("b")
    assert [info.name for info in pool.models()] == ["a"]
    gate.opened.set()
    await asyncio.to_thread(pool.wait_until_ready)
    assert pool.get("b").info.name == "b"
    await pool.close()


async def test_a_failed_model_says_why_and_leaves_the_others_in_service() -> None:
    pool = ModelPool([missing("a"), scripted("b")])
    with pytest.raises(ModelNotFound, match="Model a not found"):
        pool.wait_until_ready()
    with pytest.raises(ModelNotFound, match="Model a not found"):
        pool.get(None)
    assert isinstance(pool.failure("a"), ModelNotFound)
    assert pool.failure("b") is None
    assert [info.name for info in pool.models()] == ["b"]
    await pool.close()


async def test_a_loader_that_breaks_its_promise_is_a_load_failure() -> None:
    def load() -> Engine:
        raise KeyError("weights")

    pool = ModelPool([NamedLoader("a", load), scripted("b")])
    with pytest.raises(ModelLoadFailed, match="weights"):
        pool.wait_until_ready()
    assert pool.get("b").info.name == "b"
    await pool.close()


async def test_a_model_answers_to_the_name_that_its_engine_found() -> None:
    pool = ModelPool([NamedLoader("http://server/v1", lambda: ScriptedEngine(name="found"))])
    pool.wait_until_ready()
    assert pool.get("found") is pool.get("http://server/v1")
    await pool.close()


async def test_closing_ends_the_thread_and_loads_no_more() -> None:
    gate = Gate()
    loaded: list[str] = []

    def load() -> Engine:
        loaded.append("b")
        return ScriptedEngine(name="b")

    pool = ModelPool([gate.loader("a"), NamedLoader("b", load)])
    pool.start()
    assert await asyncio.to_thread(gate.entered.wait, 30)
    closing = asyncio.create_task(pool.close())
    await asyncio.sleep(0.05)
    gate.opened.set()
    await closing
    assert loaded == []
    assert pool.models() == []
    assert "load models" not in [thread.name for thread in threading.enumerate()]
    await pool.close()


def test_a_pool_without_models_says_so() -> None:
    pool = ModelPool([])
    pool.wait_until_ready()
    with pytest.raises(ModelNotFound, match="No model is in service"):
        pool.get(None)
