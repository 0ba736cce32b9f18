"""Carrel over real stores behind a real server on a free port, in a thread of the test's process.

The engine is the scripted one, or what the test brings. The embedder is the bundled one.
"""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager, suppress
from copy import copy
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
from fastapi import FastAPI

from carrel import server
from carrel.api.middleware.open_connections import ConnectionLimits
from carrel.core.chat import EngineEvent, Message, SamplingParams, TextDelta
from carrel.core.errors import CarrelError, GenerationFailed
from carrel.core.protocols.adapters import Engine
from carrel.engine.pool import ModelPool, NamedLoader
from carrel.engine.scripted import ScriptedEngine
from carrel.index.embedding.embedder import SentenceTransformerEmbedder
from carrel.services.application import Services
from carrel.services.chat.chat import ChatPolicy, ChatService
from carrel.services.document_tasks import DocumentTaskService
from carrel.services.health import HealthService
from carrel.settings.load import load_settings
from carrel.settings.schema import Settings
from running.shared_readers import build

SECONDS = 60


@functools.cache
def bundled_embedder() -> SentenceTransformerEmbedder:
    """The bundled embedder, loaded once for all servers of a test run."""
    return SentenceTransformerEmbedder("bundled", offline=True)


class WatchedEngine(ScriptedEngine):
    """Tells how much was written and when an answer ended, in whichever way."""

    def __init__(self, answers: Sequence[str], seconds_per_token: float = 0.0) -> None:
        super().__init__(answers, name="watched", seconds_per_token=seconds_per_token)
        self.written = 0
        self.begun = threading.Event()
        self.ended = threading.Event()

    async def generate(
        self, messages: Sequence[Message], sampling: SamplingParams, caller: str = ""
    ) -> AsyncGenerator[EngineEvent]:
        """Yield what the scripted engine yields."""
        self.begun.set()
        try:
            async with aclosing(super().generate(messages, sampling, caller)) as events:
                async for event in events:
                    self.written += isinstance(event, TextDelta)
                    yield event
        finally:
            self.ended.set()


class FailingEngine(ScriptedEngine):
    """Fails after some words, in the way that is given."""

    def __init__(self, words: int, failure: Exception | None = None) -> None:
        super().__init__(["one two three four"], name="failing")
        self._words = words
        self._failure = failure or GenerationFailed("The model stopped working.")

    async def generate(
        self, messages: Sequence[Message], sampling: SamplingParams, caller: str = ""
    ) -> AsyncGenerator[EngineEvent]:
        """Yield the first words, and raise."""
        left = self._words
        async with aclosing(super().generate(messages, sampling, caller)) as events:
            async for event in events:
                if not left:
                    raise self._failure
                left -= 1
                yield event


def settings_in(folder: Path, **flags: object) -> Settings:
    """Return settings with their data in a folder of the test's own."""
    given: dict[str, object] = {
        "db_dir": folder / "db",
        "models_dir": folder / "models",
        "offline": True,
        "engine": "scripted",
    }
    return load_settings({name: str(value) for name, value in (given | flags).items()}, {}).settings


def pool_of(engine: Engine) -> ModelPool:
    """Return a pool with this engine as the one in service."""
    pool = ModelPool([NamedLoader(engine.info.name, lambda: engine)])
    pool.wait_until_ready()
    return pool


def with_pool(services: Services, pool: ModelPool) -> Services:
    """Return the services with other models in service."""
    policy = ChatPolicy("", services.settings.documents.source_tokens)
    chat = ChatService(pool, services.retrieval, policy)
    summaries = copy(services.summaries)
    summaries._models = pool
    tasks = DocumentTaskService(summaries, services.retrieval)
    health = HealthService(pool)
    return replace(
        services, models=pool, chat=chat, summaries=summaries, tasks=tasks, health=health
    )


@dataclass
class LiveServer:
    """A running server. ``stop`` may be called early; the logs of a failure are the test's."""

    address: str
    app: FastAPI
    services: Services
    loop: asyncio.AbstractEventLoop
    serving: asyncio.Task[None]
    stopped: threading.Event = field(default_factory=threading.Event)
    stopping: bool = False

    def stop(self) -> None:
        """Begin to stop, as a signal would; returns at once. Stopping twice does nothing."""
        if not self.stopping:
            self.stopping = True
            self.loop.call_soon_threadsafe(self.serving.cancel)

    def client(self, headers: Mapping[str, str] | None = None) -> httpx.Client:
        """Return a client that knows the address."""
        return httpx.Client(
            base_url=self.address, headers=headers or {}, trust_env=False, timeout=SECONDS
        )


@contextmanager
def live_server(
    settings: Settings,
    pool: ModelPool | None = None,
    *,
    with_page: bool = False,
    limits: ConnectionLimits | None = None,
    port: int = 0,
) -> Iterator[LiveServer]:
    """Run the API, by default without its page, until the block ends.

    ``pool`` replaces the models, which then get no scores. ``limits`` are those of connections. Any
    free port is taken for 0.
    """
    with server.bind("127.0.0.1", port) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        bundled = settings.documents.embedder == "bundled"
        application = build(settings, bundled_embedder() if bundled else None)
        application.wait_until_ready()
        with suppress(CarrelError):
            application.wait_for_score_model()
        services = application.services
        if pool is not None:
            pool.start()
            services = with_pool(services, pool)
        app = server.create_app(services, with_page=with_page)
        started: list[LiveServer] = []
        ready = threading.Event()

        async def main() -> None:
            serving = asyncio.create_task(server.serve(app, listener, limits))
            live = LiveServer(address, app, services, asyncio.get_running_loop(), serving)
            started.append(live)
            ready.set()
            await asyncio.wait([serving])
            live.stopped.set()
            if pool is not None:
                await pool.close()
            await application.close()

        thread = threading.Thread(target=asyncio.run, args=(main(),))
        thread.start()
        assert ready.wait(SECONDS)
        try:
            yield started[0]
        finally:
            started[0].stop()
            thread.join(SECONDS)
            assert not thread.is_alive()
