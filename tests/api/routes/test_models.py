"""Loading, listing and unloading models over HTTP."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from carrel.core.chat import Message, SamplingParams
from carrel.core.errors import QueueFull
from carrel.core.models import ModelRequest
from carrel.core.protocols.adapters import Engine
from carrel.engine.loaders import Loader, NamedLoader
from carrel.engine.pool import ModelPool
from carrel.engine.scripted import ScriptedEngine
from error_bodies import checked, error_of
from running.live_server import LiveServer, WatchedEngine, live_server, settings_in
from tiny.adapter import save_adapter
from tiny.model import save_tiny_model

QUESTION = [{"role": "user", "content": "Describe a library."}]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base and an adapter of it."""
    folder = tmp_path_factory.mktemp("models")
    save_tiny_model(folder / "base")
    save_adapter(folder / "base", folder / "law")
    return folder


@pytest.fixture(scope="module")
def local(folders: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server of the base, whose tests leave it as they found it."""
    settings = settings_in(
        tmp_path_factory.mktemp("local"), engine="auto", base_model=folders / "base"
    )
    with live_server(settings) as live:
        yield live


def ask(http: httpx.Client, model: str | None = None) -> httpx.Response:
    body = {"messages": QUESTION, "max_tokens": 8, **({"model": model} if model else {})}
    return http.post("/v1/chat/completions", json=body)


def ids(http: httpx.Client) -> list[str]:
    return [each["id"] for each in http.get("/v1/models").json()["data"]]


def test_a_model_and_an_adapter_are_loaded_asked_and_unloaded(
    local: LiveServer, folders: Path
) -> None:
    with local.client() as http:
        assert ids(http) == ["base"]
        request = {"model": "base", "lora_weights": f"legal/law={folders / 'law'}"}
        loaded = http.post("/v1/models/load", json=request)
        assert loaded.status_code == 200, loaded.text
        (model,) = loaded.json()["data"]
        assert {name: model[name] for name in ("id", "status", "engine", "adapter_of")} == {
            "id": "legal/law",
            "status": "ready",
            "engine": "continuous",
            "adapter_of": "base",
        }
        assert model["context_length"] == 256
        assert http.get("/v1/models/legal/law").json() == model
        with httpx.Client(trust_env=False) as plain:
            sdk = openai.OpenAI(base_url=f"{local.address}/v1", api_key="any", http_client=plain)
            assert sdk.models.retrieve("base").id == "base"
            assert [each.id for each in sdk.models.list()] == ["base", "legal/law"]
        answers = {name: ask(http, name).json() for name in ("base", "legal/law")}
        assert [answers[name]["model"] for name in answers] == list(answers)
        texts = {each["choices"][0]["message"]["content"] for each in answers.values()}
        assert len(texts) == 2
        taken = http.post("/v1/models/load", json=request)
        assert (taken.status_code, error_of(taken)["code"]) == (409, "already_exists")
        gone = http.post("/v1/models/unload", json={"model": "base"})
        assert gone.json() == {"unloaded": ["base", "legal/law"], "default": None}
        assert ids(http) == []
        health = http.get("/health")
        assert (health.status_code, error_of(health)["message"]) == (503, "No model is loaded.")
        asked = ask(http)
        assert (asked.status_code, error_of(asked)["code"]) == (404, "model_not_found")
        assert http.post("/v1/models/load", json={"model": str(folders / "base")}).is_success
        assert http.get("/health").status_code == 200


def test_a_base_that_does_not_fit_is_reported_in_one_line(
    local: LiveServer, folders: Path, tmp_path: Path
) -> None:
    wide = save_tiny_model(tmp_path / "wide", hidden=64)
    with local.client() as http:
        body = {"model": str(wide), "lora_weights": [str(folders / "law")]}
        refused = http.post("/v1/models/load", json=body)
        assert (refused.status_code, error_of(refused)["code"]) == (500, "model_load_failed")
        assert "law does not fit the model wide" in error_of(refused)["message"]
        hub = http.post("/v1/models/load", json={"model": "owner/name"})
        assert (hub.status_code, error_of(hub)["code"]) == (404, "model_not_found")
        assert "hub not asked (offline)" in error_of(hub)["message"]
        assert ids(http) == ["base"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "invalid_request"),
        ({"model": ""}, 400, "invalid_request"),
        ({"model": "a", "dtype": "int3"}, 400, "invalid_request"),
        ({"model": "a", "load_4bit": True, "load_8bit": True}, 400, "invalid_setting"),
        ({"model": "a", "trust_remote_code": True}, 403, "access_denied"),
        ({"model": "a", "allow_pickle": True}, 400, "invalid_request"),
        ({"model": "a", "inference_server": "nowhere"}, 400, "invalid_setting"),
        ({"model": "a", "inference_server": "http://203.0.113.1/v1"}, 403, "offline"),
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_refused_and_changes_nothing(
    local: LiveServer, body: dict[str, Any], status: int, code: str
) -> None:
    with local.client() as http:
        refused = http.post("/v1/models/load", json=body)
        assert (refused.status_code, error_of(refused)["code"]) == (status, code), refused.text
        assert ids(http) == ["base"]


def test_an_unknown_model_is_not_found(http: httpx.Client) -> None:
    for reply in (
        http.get("/v1/models/owner/none"),
        http.post("/v1/models/unload", json={"model": "owner/none"}),
    ):
        assert (reply.status_code, error_of(reply)["code"]) == (404, "model_not_found")
        assert "Loaded: scripted" in error_of(reply)["message"]


class Gated:
    """Plans scripted models that load when they are let."""

    def __init__(self) -> None:
        self.opened = threading.Event()

    def __call__(self, request: ModelRequest, in_service: Sequence[NamedLoader]) -> list[Loader]:
        def load() -> Engine:
            assert self.opened.wait(60)
            if request.base_model == "broken":
                raise OSError("no weights")
            return ScriptedEngine(name=request.base_model)

        return [NamedLoader(request.base_model, load)]


def test_a_load_need_not_be_waited_for(start: Callable[..., LiveServer]) -> None:
    gated = Gated()
    first = NamedLoader("first", ScriptedEngine)
    live = start(pool=ModelPool([first], gated))
    with live.client() as http:
        for name in ("second", "broken"):
            begun = http.post("/v1/models/load", json={"model": name, "wait": False})
            assert begun.status_code == 202
            assert [each["status"] for each in begun.json()["data"]] == ["loading"]
        waiting = ask(http, "second")
        assert (waiting.status_code, error_of(waiting)["code"]) == (503, "model_not_ready")
        assert int(waiting.headers["Retry-After"]) >= 1
        busy = http.post("/v1/models/unload", json={"model": "second"})
        assert (busy.status_code, error_of(busy)["code"]) == (503, "model_not_ready")
        gated.opened.set()
        while http.get("/v1/models/broken").json()["status"] == "loading":
            time.sleep(0.01)
        assert http.get("/v1/models/second").json()["status"] == "ready"
        broken = http.get("/v1/models/broken").json()
        assert (broken["status"], broken["context_length"]) == ("failed", None)
        assert "no weights" in broken["reason"]
        assert ask(http, "second").status_code == 200
        assert http.post("/v1/models/unload", json={"model": "broken"}).json() == {
            "unloaded": ["broken"],
            "default": "scripted",
        }


def test_unloading_ends_a_stream_with_a_clear_error(start: Callable[..., LiveServer]) -> None:
    engine = WatchedEngine(["word " * 500], seconds_per_token=0.01)
    live = start(engine)
    with live.client() as http, live.client() as other:
        body = {"messages": QUESTION, "stream": True}
        with http.stream("POST", "/v1/chat/completions", json=body) as stream:
            lines = stream.iter_lines()
            next(lines)
            assert other.post("/v1/models/unload", json={"model": "watched"}).is_success
            last = [line for line in lines if line][-1]
    assert last.startswith("data: ")
    error = checked(httpx.Response(500, text=last.removeprefix("data: ")).json())
    assert error["code"] == "generation_failed"
    assert "watched was unloaded" in error["message"]


class FullEngine(ScriptedEngine):
    """Has a full queue, and remembers who asked."""

    def __init__(self) -> None:
        super().__init__(name="full")
        self.callers: list[str] = []

    def generate(
        self, messages: Sequence[Message], sampling: SamplingParams, caller: str = ""
    ) -> Any:
        """Refuse."""
        self.callers.append(caller)
        raise QueueFull("64 requests wait already: try again in 3 seconds.", retry_after=2.2)


@pytest.mark.parametrize("stream", [False, True])
def test_a_full_queue_says_when_to_come_back(
    start: Callable[..., LiveServer], stream: bool
) -> None:
    with start(FullEngine()).client() as http:
        refused = http.post("/v1/chat/completions", json={"messages": QUESTION, "stream": stream})
    assert (refused.status_code, error_of(refused)["code"]) == (429, "queue_full")
    assert refused.headers["Retry-After"] == "3"


def test_callers_are_distinguished_by_user_and_address(start: Callable[..., LiveServer]) -> None:
    engine = FullEngine()
    with start(engine).client() as http:
        for fields in ({}, {"user": "ann"}, {"user": "ben"}, {"safety_identifier": "ann"}, {}):
            http.post("/v1/chat/completions", json={"messages": QUESTION, **fields})
    nobody, ann, ben, ann_too, nobody_too = engine.callers
    assert len({nobody, ann, ben}) == 3
    assert (ann, nobody) == (ann_too, nobody_too)
    assert "127.0.0.1" in nobody
