"""What tests of several packages share: settings, the model cache, the real processes."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from carrel.core.runtime.deferred_imports import WrappingFinder
from carrel.settings.load import load_settings
from carrel.settings.process_environment import VENDOR_VARIABLES
from carrel.settings.schema import Settings
from repetitions import Repetitions, add_option, leave_out, repetitions_of
from running.real_processes import ROOT, CommandLine, Server, start_server
from stand_ins.chroma_process import ChromaProcess

# As in the program itself; read when torch is imported, which the tests' modules do later.
os.environ.setdefault("GOMP_SPINCOUNT", VENDOR_VARIABLES["GOMP_SPINCOUNT"])

pytest_addoption = add_option


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what only a long run tries."""
    leave_out(items, config)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give ``seed`` to each test that is marked ``seeds(short, thorough=...)``."""
    for mark in metafunc.definition.iter_markers("seeds"):
        count = repetitions_of(metafunc.config)(*mark.args, **mark.kwargs)
        metafunc.parametrize("seed", range(count))


@pytest.fixture(scope="session")
def repetitions(pytestconfig: pytest.Config) -> Repetitions:
    """Return a function that says how often to do something: ``repetitions(3, thorough=10)``."""
    return repetitions_of(pytestconfig)


@pytest.fixture(autouse=True)
def ordinary_imports() -> Iterator[None]:
    """Let no test that runs a command in this process change how the next one imports libraries."""
    yield
    sys.meta_path[:] = [each for each in sys.meta_path if not isinstance(each, WrappingFinder)]


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """The cache of converted weights: the bundled model takes long to convert, so it is kept."""
    return Path(os.environ.get("CARREL_TEST_MODELS", ROOT / "models"))


@pytest.fixture(scope="session")
def chroma_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChromaProcess]:
    """A Chroma server that all tests share, each with names of its own; it stays as it runs."""
    server = ChromaProcess(tmp_path_factory.mktemp("chroma"))
    with server.running():
        yield server


@pytest.fixture
def make_settings(tmp_path: Path, models_dir: Path) -> Callable[..., Settings]:
    """Return a function that makes settings with a data folder of the test's own."""

    def make(**flags: object) -> Settings:
        given = {"db_dir": tmp_path / "db", "models_dir": models_dir, "offline": True} | flags
        return load_settings({name: str(value) for name, value in given.items()}, {}).settings

    return make


@pytest.fixture
def carrel(request: pytest.FixtureRequest, tmp_path: Path, models_dir: Path) -> CommandLine:
    """The command line over an empty data folder; of fresh processes where a test is marked so."""
    fresh = request.node.get_closest_marker("fresh_process") is not None
    return CommandLine(tmp_path / "db", models_dir, fresh=fresh)


@pytest.fixture
def serve(carrel: CommandLine, tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Return a function that starts the server and, by default, waits until it is ready."""
    started: list[Server] = []

    def start(*flags: str, ready: bool = True) -> Server:
        server = start_server(carrel, tmp_path / f"server-{len(started)}.log", *flags)
        started.append(server)
        if ready:
            server.wait_until_ready()
        return server

    yield start
    for server in started:
        server.stop()
