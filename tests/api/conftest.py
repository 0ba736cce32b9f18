"""A server with the scripted engine, shared by the tests that leave it as it is."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from carrel.core.protocols.adapters import Engine
from carrel.engine.pool import ModelPool
from running.live_server import LiveServer, live_server, pool_of, settings_in


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """The shared server. Tests that add documents take a collection of their own."""
    with live_server(settings_in(tmp_path_factory.mktemp("live"), max_file_megabytes=0.01)) as live:
        yield live


@pytest.fixture
def http(live: LiveServer) -> Iterator[httpx.Client]:
    """A client of the shared server."""
    with live.client() as client:
        yield client


@pytest.fixture
def collection(http: httpx.Client) -> str:
    """A new collection of the shared server."""
    name = f"Årsbok {uuid.uuid4().hex}"
    made = http.post("/v1/collections", json={"name": name})
    assert made.status_code == 201, made.text
    return name


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., LiveServer]]:
    """Return a function that starts a server of the test's own: ``start(engine, **flags)``."""
    with ExitStack() as running:

        def run(
            engine: Engine | None = None, pool: ModelPool | None = None, **flags: object
        ) -> LiveServer:
            folder = tmp_path / str(len(list(tmp_path.iterdir())))
            folder.mkdir()
            if engine is not None:
                pool = pool_of(engine)
            return running.enter_context(live_server(settings_in(folder, **flags), pool))

        yield run
