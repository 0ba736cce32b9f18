from __future__ import annotations

import asyncio
import gc
import re
import subprocess
import sys
import threading
import weakref
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from carrel.core.chat import EngineEvent, Finished, Message, Role, SamplingParams, TextDelta
from carrel.core.errors import (
    AlreadyExists,
    GenerationFailed,
    ModelLoadFailed,
    ModelNotFound,
    ModelNotReady,
    Unavailable,
    UnsupportedParameter,
)
from carrel.core.models import ModelRequest, ModelStatus
from carrel.core.protocols.adapters import Engine
from carrel.engine.batching.continuous import ContinuousEngine
from carrel.engine.build import model_loaders, model_planner
from carrel.engine.loaders import Loader, NamedAdapter
from carrel.engine.loading.loader import load
from carrel.engine.pool import ModelPool, NamedLoader
from carrel.engine.scripted import ScriptedEngine
from carrel.engine.sequential import SequentialEngine
from carrel.engine.spec import ModelSpec
from carrel.settings.schema import ModelSettings, ServerSettings, Settings
from repetitions import Repetitions
from tiny.adapter import save_adapter
from tiny.model import save_tiny_model

QUESTION = [Message(Role.USER, "Describe a library.")]


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
    with pytest.raises(ModelNotFound, match=r"c is not loaded. Loaded: a, b"):
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
    with pytest.raises(ModelNotFound, match="No model is loaded"):
        pool.get(None)


# At run time: load, list, unload.


class Planned:
    """A planner whose models are scripted; each waits for its gate, or fails, where it has one."""

    def __init__(self) -> None:
        self.gates: dict[str, Gate] = {}
        self.missing: set[str] = set()

    def __call__(self, request: ModelRequest, in_service: Sequence[NamedLoader]) -> list[Loader]:
        if request.base_model in self.missing:
            return [missing(request.base_model)]
        if request.base_model in self.gates:
            return [self.gates[request.base_model].loader(request.base_model)]
        return [scripted(request.base_model)]


async def test_models_come_and_go_at_run_time_and_the_next_one_becomes_the_default() -> None:
    pool = ModelPool([scripted("a")], Planned())
    pool.wait_until_ready()
    (loaded,) = await pool.load(ModelRequest("b"))
    assert (loaded.name, loaded.status) == ("b", ModelStatus.READY)
    assert [state.name for state in pool.states()] == ["a", "b"]
    assert await pool.unload("a") == ["a"]
    assert pool.get(None).info.name == "b"
    with pytest.raises(ModelNotFound, match=r"a is not loaded\. Loaded: b"):
        pool.get("a")
    await pool.unload("b")
    with pytest.raises(ModelNotFound, match="No model is loaded"):
        pool.get(None)
    assert pool.states() == []
    await pool.load(ModelRequest("a"))
    assert pool.get(None).info.name == "a"
    await pool.close()


async def test_a_name_in_service_is_taken() -> None:
    pool = ModelPool([scripted("a")], Planned())
    pool.wait_until_ready()
    with pytest.raises(AlreadyExists, match="a is loaded already: unload it first"):
        await pool.load(ModelRequest("a"))
    with pytest.raises(AlreadyExists):
        pool.begin_load(ModelRequest("a"))
    assert len(pool.states()) == 1
    await pool.close()


async def test_of_two_loads_of_one_name_one_wins() -> None:
    planned = Planned()
    gate = planned.gates["b"] = Gate()
    pool = ModelPool([scripted("a")], planned)
    pool.wait_until_ready()
    first = asyncio.create_task(pool.load(ModelRequest("b")))
    assert await asyncio.to_thread(gate.entered.wait, 30)
    assert [state.status for state in pool.states()] == [ModelStatus.READY, ModelStatus.LOADING]
    with pytest.raises(AlreadyExists, match="b is being loaded already"):
        await pool.load(ModelRequest("b"))
    with pytest.raises(ModelNotReady, match="unload it when it is ready"):
        await pool.unload("b")
    gate.opened.set()
    assert [state.name for state in await first] == ["b"]
    await pool.close()


async def test_a_failed_load_leaves_nothing_behind_and_may_be_tried_again() -> None:
    planned = Planned()
    planned.missing = {"b"}
    pool = ModelPool([scripted("a")], planned)
    pool.wait_until_ready()
    with pytest.raises(ModelNotFound, match="Model b not found"):
        await pool.load(ModelRequest("b"))
    assert [state.name for state in pool.states()] == ["a"]
    planned.missing.clear()
    await pool.load(ModelRequest("b"))
    assert pool.get("b").info.name == "b"
    await pool.close()


async def test_a_load_that_nobody_waits_for_tells_its_failure_in_the_list() -> None:
    planned = Planned()
    planned.missing = {"b"}
    pool = ModelPool([scripted("a")], planned)
    pool.wait_until_ready()
    (begun,) = pool.begin_load(ModelRequest("b"))
    assert (begun.name, begun.status) == ("b", ModelStatus.LOADING)
    while pool.states()[-1].status is ModelStatus.LOADING:
        await asyncio.sleep(0.01)
    assert pool.states()[-1].status is ModelStatus.FAILED
    assert pool.states()[-1].reason == "Model b not found."
    planned.missing.clear()
    await pool.load(ModelRequest("b"))
    assert [state.status for state in pool.states()] == [ModelStatus.READY] * 2
    await pool.close()


async def test_a_model_that_failed_at_the_start_can_be_taken_off_the_list() -> None:
    pool = ModelPool([missing("a"), scripted("b")])
    with pytest.raises(ModelNotFound):
        pool.wait_until_ready()
    assert await pool.unload("a") == ["a"]
    assert pool.get(None).info.name == "b"
    with pytest.raises(UnsupportedParameter, match="loads no models while it runs"):
        await pool.load(ModelRequest("c"))
    await pool.close()


async def test_who_stops_waiting_does_not_stop_the_load() -> None:
    planned = Planned()
    gate = planned.gates["b"] = Gate()
    pool = ModelPool([scripted("a")], planned)
    pool.wait_until_ready()
    waiting = asyncio.create_task(pool.load(ModelRequest("b")))
    assert await asyncio.to_thread(gate.entered.wait, 30)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    gate.opened.set()
    await asyncio.to_thread(pool.wait_until_ready)
    assert pool.get("b").info.name == "b"
    await pool.close()


async def test_closing_ends_the_loads_that_wait() -> None:
    planned = Planned()
    gate = planned.gates["b"] = Gate()
    pool = ModelPool([], planned)
    others = set(threading.enumerate())
    loads = [asyncio.create_task(pool.load(ModelRequest(name))) for name in ("b", "c")]
    assert await asyncio.to_thread(gate.entered.wait, 30)
    closing = asyncio.create_task(pool.close())
    await asyncio.sleep(0.05)
    gate.opened.set()
    await closing
    with pytest.raises(Unavailable, match="shutting down"):
        await loads[1]
    with pytest.raises(Unavailable, match="shutting down"):
        await pool.load(ModelRequest("d"))
    await loads[0]
    started = set(threading.enumerate()) - others
    assert not [each for each in started if each.name.startswith("load models")]


# With real tiny models.


def settings(**model: Any) -> Settings:
    return Settings(model=ModelSettings(**model), server=ServerSettings(offline=True))


def pool_of(given: Settings) -> ModelPool:
    pool = ModelPool(model_loaders(given), model_planner(given))
    pool.wait_until_ready()
    return pool


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base, another one, and two adapters of the first."""
    folder = tmp_path_factory.mktemp("models")
    save_tiny_model(folder / "base")
    save_tiny_model(folder / "wide", hidden=64)
    save_adapter(folder / "base", folder / "law")
    save_adapter(folder / "base", folder / "tax", r=2, target_modules="all-linear")
    return folder


def asked(engine: Engine, tokens: int = 12) -> AsyncGenerator[EngineEvent]:
    return engine.generate(QUESTION, SamplingParams(max_new_tokens=tokens))


async def written(engine: Engine, tokens: int = 12) -> str:
    async with aclosing(asked(engine, tokens)) as events:
        seen = [event async for event in events]
    assert isinstance(seen[-1], Finished)
    assert seen[-1].model == engine.info.name
    assert seen[-1].usage.completion_tokens > 0
    return "".join(event.text for event in seen if isinstance(event, TextDelta))


async def test_adapters_of_the_settings_are_models_over_one_base(folders: Path) -> None:
    weights = f"law={folders / 'law'},{folders / 'tax'}"
    pool = pool_of(settings(base_model=str(folders / "base"), lora_weights=weights))
    assert [info.name for info in pool.models()] == ["law", "base+tax", "base"]
    assert [info.adapter_of for info in pool.models()] == ["base", "base", None]
    texts = {info.name: await written(pool.get(info.name)) for info in pool.models()}
    assert len(set(texts.values())) == 3
    alone = pool_of(settings(base_model=str(folders / "base")))
    assert await written(alone.get(None)) == texts["base"]
    together = await asyncio.gather(*(written(pool.get(name)) for name in texts))
    assert together == list(texts.values())
    await alone.close()
    await pool.close()


async def test_entries_of_model_lock_share_their_base(folders: Path) -> None:
    base, law, tax = (str(folders / name) for name in ("base", "law", "tax"))
    lock = [{"base_model": base, "lora_weights": law}, {"base_model": base, "lora_weights": tax}]
    pool = pool_of(settings(model_lock=str(lock)))
    assert [info.name for info in pool.models()] == ["base+law", "base+tax", "base"]
    engines = [pool.get(name) for name in ("base+law", "base+tax")]
    assert {id(engine._host) for engine in engines} == {id(pool.get("base"))}  # type: ignore[attr-defined]
    await pool.close()


async def test_adapters_come_and_go_while_the_base_answers(folders: Path) -> None:
    pool = pool_of(settings(base_model=str(folders / "base")))
    expected = await written(pool.get("base"), 60)
    answering = asyncio.create_task(written(pool.get("base"), 60))
    request = ModelRequest("base", lora_weights=(f"law={folders / 'law'}",))
    (state,) = await pool.load(request)
    assert (state.name, state.adapter_of) == ("law", "base")
    assert await written(pool.get("law"), 60) != expected
    with pytest.raises(AlreadyExists):
        await pool.load(request)
    assert await pool.unload("law") == ["law"]
    assert await answering == expected == await written(pool.get("base"), 60)
    assert [info.name for info in pool.models()] == ["base"]
    await pool.close()


async def test_an_adapter_that_does_not_fit_leaves_neither_itself_nor_its_base(
    folders: Path,
) -> None:
    pool = pool_of(settings(base_model=str(folders / "base")))
    expected = await written(pool.get(None))
    law = str(folders / "law")
    with pytest.raises(ModelLoadFailed, match="law does not fit the model wide"):
        await pool.load(ModelRequest(str(folders / "wide"), lora_weights=(law,)))
    assert [state.name for state in pool.states()] == ["base"]
    both = (f"right={law}", "wrong=/nowhere")
    with pytest.raises(ModelNotFound, match="/nowhere"):
        await pool.load(ModelRequest("base", lora_weights=both))
    assert [state.name for state in pool.states()] == ["base"]
    assert await written(pool.get(None)) == expected
    pool.begin_load(ModelRequest(str(folders / "wide"), lora_weights=(law,)))
    while any(state.status is ModelStatus.LOADING for state in pool.states()):
        await asyncio.sleep(0.01)
    assert [(state.name, state.status) for state in pool.states()] == [
        ("base", ModelStatus.READY),
        ("wide+law", ModelStatus.FAILED),
    ]
    await pool.close()


async def test_unloading_a_base_ends_its_answers_and_takes_its_adapters_along(
    folders: Path,
) -> None:
    given = settings(base_model=str(folders / "base"), lora_weights=str(folders / "law"))
    pool = pool_of(given)
    await pool.load(ModelRequest(str(folders / "wide")))
    kept = pool.get("wide")
    running = {name: asked(pool.get(name), 200) for name in ("base", "base+law")}
    for events in running.values():
        await anext(events)
    assert sorted(await pool.unload("base")) == ["base", "base+law"]
    for name, events in running.items():
        with pytest.raises(GenerationFailed, match=f"Model {re.escape(name)} was unloaded"):
            async for _ in events:
                pass
    assert [info.name for info in pool.models()] == ["wide"]
    assert pool.get(None) is kept
    assert await written(kept)
    await pool.close()


async def test_unloading_an_adapter_ends_its_answers_and_leaves_the_base(folders: Path) -> None:
    given = settings(base_model=str(folders / "base"), lora_weights=str(folders / "law"))
    pool = pool_of(given)
    adapted = pool.get("base+law")
    running = asked(adapted, 200)
    await anext(running)
    await pool.unload("base+law")
    with pytest.raises(GenerationFailed, match=r"base\+law was unloaded"):
        async for _ in running:
            pass
    with pytest.raises(GenerationFailed, match=r"base\+law was unloaded"):
        await written(adapted)
    assert await written(pool.get("base"))
    await pool.close()


async def test_an_engine_that_takes_no_adapters_says_so() -> None:
    base = scripted("b")
    pool = ModelPool([NamedAdapter("c", base, lambda: Path("nowhere")), base])
    with pytest.raises(ModelLoadFailed, match="b takes no LoRA adapters"):
        pool.wait_until_ready()
    assert pool.get("b").info.name == "b"
    await pool.close()


async def test_a_stream_continues_while_another_model_loads(folders: Path) -> None:
    read = threading.Event()

    def load_until_read() -> Engine:
        while True:  # once is too short: a whole answer is to fall into the loading
            engine = SequentialEngine(load(ModelSpec(base_model=str(folders / "wide"))))
            if read.is_set():
                return engine
            asyncio.run(engine.close())

    base = NamedLoader("base", lambda: SequentialEngine(load(ModelSpec(str(folders / "base")))))
    wide = NamedLoader("wide", load_until_read)
    pool = ModelPool([base], lambda request, in_service: [wide])
    pool.wait_until_ready()
    expected = await written(pool.get("base"), 100)
    loading = asyncio.create_task(pool.load(ModelRequest("wide")))
    while len(pool.states()) == 1:
        await asyncio.sleep(0)
    assert await written(pool.get("base"), 100) == expected
    assert pool.states()[1].status is ModelStatus.LOADING
    read.set()
    await loading
    assert await written(pool.get("wide"))
    await pool.close()


async def test_an_unloaded_model_is_collected(folders: Path) -> None:
    given = settings(base_model=str(folders / "base"), lora_weights=str(folders / "law"))
    pool = pool_of(given)
    engine = pool.get("base")
    assert isinstance(engine, ContinuousEngine)
    model = weakref.ref(engine._adapters._model)
    await written(pool.get("base+law"))
    await pool.unload("base")
    del engine
    gc.collect()
    assert model() is None
    await pool.close()


MEMORY = """
import asyncio, sys
from pathlib import Path
import psutil
from carrel.core.chat import Message, Role, SamplingParams
from carrel.core.models import ModelRequest
from carrel.engine.build import model_planner
from carrel.engine.pool import ModelPool
from carrel.engine.spec import ModelSpec
from carrel.settings.schema import ModelSettings, ServerSettings, Settings, StorageSettings

async def main(models_dir, loads):
    settings = Settings(
        model=ModelSettings(),
        server=ServerSettings(offline=True),
        storage=StorageSettings(models_dir=models_dir),
    )
    pool = ModelPool([], model_planner(settings))
    for _ in range(loads):
        (state,) = await pool.load(ModelRequest("bundled"))
        question = [Message(Role.USER, "Describe a library.")]
        sampling = SamplingParams(max_new_tokens=2)
        async for _ in pool.get(state.name).generate(question, sampling):
            pass
        await pool.unload(state.name)
        print("resident", psutil.Process().memory_info().rss)
    await pool.close()

asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
"""


def test_rounds_of_loading_and_unloading_return_the_memory(
    models_dir: Path, repetitions: Repetitions
) -> None:
    loads = repetitions(3, thorough=11)
    run = subprocess.run(
        [sys.executable, "-c", MEMORY, str(models_dir), str(loads)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    lines = [line.split() for line in run.stdout.splitlines()]
    resident = [int(words[1]) for words in lines if words[0] == "resident"]
    assert len(resident) == loads
    assert resident[-1] < resident[0] * 1.05, resident
