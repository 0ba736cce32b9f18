"""The engines that the engine suite runs over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from carrel.engine.remote import RemoteEngine
from carrel.engine.scripted import ScriptedEngine
from carrel.engine.spec import ModelSpec
from engine_subject import Subject, counted
from openai_server import ANSWER, foreign_server
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
def batched_bundled_subject(models_dir: Path) -> Subject:
    """The bundled model, loaded once, for several requests at once."""
    return counted(ModelSpec(models_dir=models_dir), batched=True)


@pytest.fixture(params=["scripted", "tiny", "bundled", "batched_tiny", "batched_bundled", "remote"])
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    """Each engine in turn."""
    if request.param.endswith("bundled"):
        yield request.getfixturevalue(f"{request.param}_subject")
    elif request.param.endswith("tiny"):
        yield tiny_subject(request)
    elif request.param == "scripted":
        yield Subject(ScriptedEngine([ANSWER], context_length=300), lambda: 0)
    else:
        with foreign_server() as server:
            server.pause = PAUSE
            engine = RemoteEngine(server.base_url, None, None)
            yield Subject(engine, lambda: server.words_written)


def tiny_subject(request: pytest.FixtureRequest) -> Subject:
    """The tiny model in the engine that the parameter names."""
    spec = ModelSpec(base_model=str(request.getfixturevalue("tiny_folder")))
    return counted(spec, PAUSE, batched=request.param.startswith("batched"))


@pytest.fixture(params=["scripted", "tiny", "batched_tiny", "remote"])
def closable(request: pytest.FixtureRequest) -> Iterator[Subject]:
    """Each kind of engine, made for one test that closes it."""
    if request.param.endswith("tiny"):
        yield tiny_subject(request)
    elif request.param == "scripted":
        yield Subject(ScriptedEngine([ANSWER], seconds_per_token=PAUSE), lambda: 0)
    else:
        with foreign_server() as server:
            server.pause = PAUSE
            engine = RemoteEngine(server.base_url, None, None)
            yield Subject(engine, lambda: server.words_written)
