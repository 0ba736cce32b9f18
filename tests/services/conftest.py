"""A whole application over real stores, with the bundled embedder and the scripted engine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from carrel.bootstrap import Application
from carrel.core.protocols.adapters import Embedder
from carrel.index.embedding.embedder import SentenceTransformerEmbedder
from carrel.settings.schema import Settings
from running.shared_readers import build


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    """The bundled embedder, loaded once."""
    return SentenceTransformerEmbedder("bundled", offline=True)


@pytest.fixture
async def application(
    make_settings: Callable[..., Settings], embedder: Embedder
) -> AsyncIterator[Application]:
    """A ready application with an empty data folder."""
    built = build(make_settings(engine="scripted"), embedder)
    built.wait_until_ready()
    yield built
    await built.close()
