"""A server with the scripted engine, and both clients of it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from running.client_kinds import connect
from running.live_server import LiveServer, live_server, settings_in


@pytest.fixture(params=["sync", "async"])
def kind(request: pytest.FixtureRequest) -> str:
    """Which client is tested."""
    return str(request.param)


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """The shared server."""
    with live_server(settings_in(tmp_path_factory.mktemp("live"))) as live:
        yield live


@pytest.fixture
def client(kind: str, live: LiveServer) -> Iterator[Any]:
    """A client of the shared server."""
    with connect(kind, live.address) as client:
        yield client


@pytest.fixture
def collection(client: Any) -> str:
    """A new collection of the shared server; its name has to be escaped in a path."""
    name = f"Årsbok {uuid.uuid4().hex[:8]} & 50% ?#"
    client.create_collection(name)
    return name
