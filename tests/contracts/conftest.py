"""The engines that the engine suite runs over."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from carrel.engine.adapters.adapted import AdapterHost
from carrel.engine.llamacpp.library import HOW_TO_INSTALL, is_installed
from carrel.engine.remote.engine import RemoteEngine
from carrel.engine.scripted import ScriptedEngine
from carrel.engine.spec import ModelSpec
from running.engine_subject import Subject, counted, counted_llamacpp
from running.real_processes import CommandLine, start_server
from stand_ins.foreign_processes import llamacpp_server
from stand_ins.openai_server import ANSWER, foreign_server
from tiny.adapter import save_adapter
from tiny.gguf import save_tiny_gguf
from tiny.model import save_tiny_model

PAUSE = 0.005
"""Seconds for each token, so that a reader can stop an answer that would else be over at once."""

EXACT = "float32"
"""In bfloat16, which 'auto' takes on some processors, the same prompt read in other parts rounds
otherwise, and a random model's nearly equal scores then give other words.
"""

LLAMACPP = pytest.param(
    "llamacpp",
    marks=pytest.mark.skipif(
        not is_installed(),
        reason="llama-cpp-python takes minutes to compile and is not among the pinned packages: "
        + HOW_TO_INSTALL,
    ),
)


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny random model."""
    return save_tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def tiny_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same model as a GGUF file."""
    return save_tiny_gguf(tmp_path_factory.mktemp("gguf") / "tiny.gguf")


@pytest.fixture(scope="session")
def bundled_subject(models_dir: Path) -> Subject:
    """The bundled model, loaded once."""
    return counted(ModelSpec(models_dir=models_dir, dtype=EXACT))


@pytest.fixture(scope="session")
def adapter(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter of the tiny model."""
    return save_adapter(tiny_folder, tmp_path_factory.mktemp("adapters") / "law")


@pytest.fixture(scope="session")
def batched_bundled_subject(models_dir: Path) -> Subject:
    """The bundled model, loaded once, for several requests at once."""
    return counted(ModelSpec(models_dir=models_dir, dtype=EXACT), batched=True)


@pytest.fixture(scope="session")
def llamacpp_served(tiny_gguf: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Subject]:
    """The remote engine at llama.cpp's own server."""
    with llamacpp_server(tiny_gguf, tmp_path_factory.mktemp("llamacpp")) as (base_url, steps):
        yield Subject(RemoteEngine(base_url, None, None), steps)


@pytest.fixture(scope="session")
def carrel_served(
    tiny_folder: Path, models_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Subject]:
    """The remote engine at another Carrel, which runs a model in a process of its own."""
    folder = tmp_path_factory.mktemp("carrel")
    carrel = CommandLine(folder / "db", models_dir)
    flags = (f"--base_model={tiny_folder}", f"--dtype={EXACT}", "--offline=True")
    server = start_server(carrel, folder / "log", *flags)
    try:
        server.wait_until_ready()
        yield Subject(RemoteEngine(f"{server.address}/v1", None, None), lambda: 0)
    finally:
        server.stop()


@contextmanager
def made(kind: str, request: pytest.FixtureRequest) -> Iterator[Subject]:
    """Make an engine for one test."""
    if kind.endswith("tiny"):
        spec = ModelSpec(str(request.getfixturevalue("tiny_folder")), dtype=EXACT)
        yield counted(spec, PAUSE, batched=kind.startswith("batched"))
    elif kind.endswith("adapted"):
        spec = ModelSpec(str(request.getfixturevalue("tiny_folder")), dtype=EXACT)
        host = counted(spec, PAUSE, batched=kind.startswith("batched"))
        assert isinstance(host.engine, AdapterHost)
        adding = host.engine.add_adapter("law", request.getfixturevalue("adapter"))
        yield replace(host, engine=asyncio.run(adding))
    elif kind == "llamacpp":
        file, cache = request.getfixturevalue("tiny_gguf"), request.getfixturevalue("tmp_path")
        yield counted_llamacpp(ModelSpec(base_model=str(file), models_dir=cache), PAUSE)
    elif kind == "remote":
        with foreign_server() as server:
            server.pause = PAUSE
            engine = RemoteEngine(server.base_url, None, None)
            yield Subject(engine, lambda: server.words_written)
    else:
        yield request.getfixturevalue(kind)


@pytest.fixture(
    params=[
        "scripted",
        "tiny",
        "bundled_subject",
        "adapted",
        "batched_tiny",
        "batched_bundled_subject",
        "batched_adapted",
        LLAMACPP,
        "remote",
        "llamacpp_served",
        "carrel_served",
    ]
)
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    """Each engine in turn."""
    if request.param == "scripted":
        yield Subject(ScriptedEngine([ANSWER], context_length=300), lambda: 0)
        return
    with made(request.param, request) as made_subject:
        yield made_subject


@pytest.fixture(
    params=["scripted", "tiny", "adapted", "batched_tiny", "batched_adapted", LLAMACPP, "remote"]
)
def closable(request: pytest.FixtureRequest) -> Iterator[Subject]:
    """Each kind of engine, made for one test that closes it."""
    if request.param == "scripted":
        yield Subject(ScriptedEngine([ANSWER], seconds_per_token=PAUSE), lambda: 0)
        return
    with made(request.param, request) as made_subject:
        yield made_subject
