"""What the joined parts let go of at the end."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from carrel import bootstrap
from carrel.bootstrap.services import make_readers
from carrel.core.errors import InvalidSetting
from carrel.core.protocols.adapters import Engine
from carrel.engine.loaders import NamedLoader
from carrel.engine.pool import ModelPool
from carrel.engine.scripted import ScriptedEngine
from carrel.services.ingestion.document_writing import reading_fingerprint
from carrel.settings.schema import Settings
from running.real_processes import modules_after
from stand_ins.embedding_server import embedding_server
from tiny.counting_embedder import CountingEmbedder
from waiting import wait_for


class WatchedEmbedder(CountingEmbedder):
    """Notes its questions."""

    def __init__(self, journal: Path) -> None:
        super().__init__(journal)
        self.asked: list[str] = []

    def embed_query(self, text: str) -> list[float]:
        """Note the question and return its vector."""
        self.asked.append(text)
        return super().embed_query(text)


async def test_the_connections_to_the_embedding_server_end_with_the_application(
    make_settings: Callable[..., Settings],
) -> None:
    with embedding_server(lambda texts: [[1.0] for _ in texts], keeps_connections=True) as server:
        settings = make_settings(engine="scripted", embedder=f"tiny@{server.url}")
        application = bootstrap.build(settings)
        application.wait_until_ready()
        application.indexes.embedder.embed_query("text")
        assert len(server.callers) == 1
        await application.close()
        wait_for(lambda: not server.callers, seconds=20)


def test_a_reader_that_is_not_installed_is_named_at_the_start(
    make_settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "unstructured", None)
    wanted = make_settings(reader="unstructured").documents
    with ExitStack() as opening, pytest.raises(InvalidSetting, match=r"carrel\[unstructured\]"):
        make_readers(wanted, opening)


def test_the_reader_is_part_of_what_chunks_depend_on(
    make_settings: Callable[..., Settings],
) -> None:
    own, other = (make_settings(reader=each).documents for each in ("carrel", "unstructured"))
    assert reading_fingerprint(own) != reading_fingerprint(other)


async def test_a_server_loads_the_model_before_the_embedder(
    make_settings: Callable[..., Settings], tmp_path: Path
) -> None:
    may_load = threading.Event()
    embedder = WatchedEmbedder(tmp_path / "journal")

    def load() -> Engine:
        assert may_load.wait(60)
        assert not embedder.asked
        return ScriptedEngine()

    application = bootstrap.build(make_settings(engine="scripted"), embedder)
    application.pool = ModelPool([NamedLoader("slow", load)])
    application.start()
    may_load.set()
    application.wait_until_ready()
    assert len(embedder.asked) == 1
    await application.close()


async def test_closing_does_not_wait_for_the_embedder_to_be_loaded(
    make_settings: Callable[..., Settings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("carrel.bootstrap.application.QUESTION_FIRST_SECONDS", 600.0)
    embedder = WatchedEmbedder(tmp_path / "journal")
    started = bootstrap.build(make_settings(engine="scripted"), embedder)
    started.start()
    started.pool.wait_for_default(60)
    await started.close()
    assert not embedder.asked


def test_the_parts_are_imported_by_those_who_use_them() -> None:
    loaded = modules_after("from carrel import bootstrap; bootstrap.server_address")
    assert "carrel.bootstrap.running_server" in loaded
    assert "carrel.bootstrap.application" not in loaded
    for name in bootstrap.__all__:
        assert getattr(bootstrap, name).__name__ == name
    with pytest.raises(AttributeError, match="has no attribute 'no_such_part'"):
        getattr(bootstrap, "no_such_part")  # noqa: B009
