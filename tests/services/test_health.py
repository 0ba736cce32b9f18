"""What ``/health`` says while a server starts."""

from __future__ import annotations

import threading

from carrel.core.errors import ModelLoadFailed
from carrel.core.protocols.adapters import Engine
from carrel.engine.loaders import NamedLoader
from carrel.engine.pool import ModelPool
from carrel.engine.scripted import ScriptedEngine
from carrel.index.embedding.embedder import SentenceTransformerEmbedder
from carrel.services.health import HealthService


class StandInEmbedder:
    name = "stand-in"
    is_loaded = False


async def test_all_that_still_loads_is_named_until_a_question_can_be_answered() -> None:
    may_load = threading.Event()

    def load() -> Engine:
        assert may_load.wait(60)
        return ScriptedEngine()

    embedder = StandInEmbedder()
    pool = ModelPool([NamedLoader("slow", load)])
    health = HealthService(pool, embedder)
    found = await health.check()
    assert not found.ready
    assert found.reason == (
        "Model slow is still loading: try again soon. Embedder stand-in is not loaded yet."
    )
    embedder.is_loaded = True
    assert (await health.check()).reason == "Model slow is still loading: try again soon."
    pool.start()
    may_load.set()
    pool.wait_for_default(60)
    assert (await health.check()).ready
    await pool.close()


async def test_a_model_that_failed_is_the_only_reason() -> None:
    def load() -> Engine:
        raise ModelLoadFailed("Model broken cannot be loaded: its weights are missing")

    pool = ModelPool([NamedLoader("broken", load)])
    pool.start()
    pool.wait_for_default(60)
    found = await HealthService(pool, StandInEmbedder()).check()
    assert found.reason == "Model broken cannot be loaded: its weights are missing"
    await pool.close()


def test_the_bundled_embedder_says_whether_it_is_loaded() -> None:
    embedder = SentenceTransformerEmbedder("bundled", offline=True)
    assert not embedder.is_loaded
    embedder.embed_query("a question")
    assert embedder.is_loaded


async def test_waiting_for_the_default_model_ends_with_the_pool_and_with_the_time() -> None:
    pool = ModelPool([NamedLoader("never started", ScriptedEngine)])
    pool.wait_for_default(0.01)
    await pool.close()
    pool.wait_for_default(60)
