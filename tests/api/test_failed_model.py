"""A model whose forward pass fails, as seen by operators and by clients."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx

from carrel.core.protocols.adapters import Engine
from carrel.engine.choose import serve_loaded
from carrel.engine.loaders import NamedLoader
from carrel.engine.loading.loader import load
from carrel.engine.pool import ModelPool
from carrel.engine.spec import ModelSpec, ServingLimits
from carrel.settings.schema import EngineKind
from error_bodies import error_of
from running.live_server import LiveServer
from tiny.model import save_tiny_model
from waiting import wait_for

BODY = {"messages": [{"role": "user", "content": "Describe a library."}], "max_tokens": 200}


class Fragile:
    """A real engine whose model fails on demand: each pass, until it is computed by a new thread.

    A batch has a thread of its own, so that this is the first pass of the batch that replaces it.
    That pass waits for ``mended``, or fails, too, where the model is gone for good.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._fails = self._for_good = False
        self._thread: threading.Thread | None = None
        self.mended = threading.Event()

    def load(self) -> Engine:
        loaded = load(ModelSpec(base_model=str(self._folder)))
        engine = serve_loaded(loaded, EngineKind.CONTINUOUS, ServingLimits(max_batch=2))
        loaded.model.register_forward_pre_hook(self._before_pass)
        return engine

    def fail(self, *, for_good: bool = False) -> None:
        self.mended.clear()
        self._thread, self._for_good = None, for_good
        self._fails = True

    def _before_pass(self, *_: Any) -> None:
        if not self._fails:
            return
        thread = threading.current_thread()
        if self._for_good or self._thread in (None, thread):
            self._thread = thread
            raise RuntimeError("the device went away")
        self._fails = False
        assert self.mended.wait(60)


def test_health_is_bad_until_the_model_is_restarted_and_after_it_failed_again(
    start: Callable[..., LiveServer], tmp_path: Path
) -> None:
    fragile = Fragile(save_tiny_model(tmp_path / "tiny"))
    live = start(pool=ModelPool([NamedLoader("tiny", fragile.load)]))
    with live.client() as http, ThreadPoolExecutor(4) as users:

        def health() -> httpx.Response:
            return http.get("/health")

        def ask() -> httpx.Response:
            return http.post("/v1/chat/completions", json=BODY)

        wait_for(lambda: health().status_code == 200)
        fragile.fail()
        # Two are computed and two wait for a place: all of them get the error.
        for reply in [asked.result() for asked in [users.submit(ask) for _ in range(4)]]:
            assert reply.status_code == 500
            assert "the device went away" in error_of(reply)["message"]
        assert (health().status_code, error_of(health())["code"]) == (503, "unavailable")
        assert "It is being restarted" in error_of(health())["message"]
        fragile.mended.set()
        wait_for(lambda: health().status_code == 200)
        assert ask().status_code == 200
        fragile.fail(for_good=True)
        assert ask().status_code == 500
        wait_for(lambda: "Unload it and load it again" in error_of(health())["message"])
        assert (health().status_code, ask().status_code) == (503, 500)
