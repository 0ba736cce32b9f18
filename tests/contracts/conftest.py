"""The engines that the engine suite runs over."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from carrel.engine.adapted import AdapterHost
from carrel.engine.remote import RemoteEngine
from carrel.engine.scripted import ScriptedEngine
from carrel.engine.spec import ModelSpec
from engine_subject import Subject, counted
from openai_server import ANSWER, foreign_server
from tiny_adapter import save_adapter
from tiny_model import save_tiny_model

PAUSE = 0.005
"""Seconds for each token, so that a reader can stop an answer that would else be over at once."""


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny random model."""
    return save_tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def bundled_subject(models_dir: Path) -> Subject:
    """The bundled model, loaded once."""
    return counted(ModelSpec(models_dir=models_dir))


@pytest.fixture(scope="session")
def adapter(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter of the tiny model."""
    return save_adapter(tiny_folder, tmp_path_factory.mktemp("adapters") / "law")


def adapted(tiny_folder: Path, adapter: Path) -> Subject:
    """An adapter's model over the tiny one."""
    host = counted(ModelSpec(base_model=str(tiny_folder)), PAUSE)
    assert isinstance(host.engine, AdapterHost)
    return replace(host, engine=asyncio.run(host.engine.add_adapter("law", adapter)))


@pytest.fixture(params=["scripted", "tiny", "adapted", "bundled", "remote"])
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    """Each engine in turn."""
    if request.param == "bundled":
        yield request.getfixturevalue("bundled_subject")
    elif request.param == "tiny":
        yield counted(ModelSpec(base_model=str(request.getfixturevalue("tiny_folder"))), PAUSE)
    elif request.param == "adapted":
        yield adapted(request.getfixturevalue("tiny_folder"), request.getfixturevalue("adapter"))
    elif request.param == "scripted":
        yield Subject(ScriptedEngine([ANSWER], context_length=300), lambda: 0)
    else:
        with foreign_server() as server:
            server.pause = PAUSE
            engine = RemoteEngine(server.base_url, None, None)
            yield Subject(engine, lambda: server.words_written)


@pytest.fixture(params=["scripted", "tiny", "adapted", "remote"])
def closable(request: pytest.FixtureRequest) -> Iterator[Subject]:
    """Each kind of engine, made for one test that closes it."""
    if request.param == "tiny":
        yield counted(ModelSpec(base_model=str(request.getfixturevalue("tiny_folder"))), PAUSE)
    elif request.param == "adapted":
        yield adapted(request.getfixturevalue("tiny_folder"), request.getfixturevalue("adapter"))
    elif request.param == "scripted":
        yield Subject(ScriptedEngine([ANSWER], seconds_per_token=PAUSE), lambda: 0)
    else:
        with foreign_server() as server:
            server.pause = PAUSE
            engine = RemoteEngine(server.base_url, None, None)
            yield Subject(engine, lambda: server.words_written)
