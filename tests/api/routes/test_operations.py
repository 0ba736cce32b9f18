"""Health, metrics and the list of models."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from carrel.core.errors import ModelNotFound
from carrel.core.protocols.adapters import Engine
from carrel.engine.pool import ModelPool, NamedLoader
from carrel.engine.scripted import ScriptedEngine
from error_bodies import error_of
from running.live_server import LiveServer, WatchedEngine


def samples(http: httpx.Client) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Return every sample of /metrics by name and labels."""
    reply = http.get("/metrics")
    assert reply.headers["Content-Type"].startswith("text/plain; version=")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(reply.text)
        for sample in family.samples
    }


def test_health_is_good_when_a_question_could_be_answered(http: httpx.Client) -> None:
    reply = http.get("/health")
    assert (reply.status_code, reply.json()) == (200, {"status": "ok"})


def test_a_model_in_service_is_listed_with_what_is_known_of_it(http: httpx.Client) -> None:
    body = http.get("/v1/models").json()
    assert body["object"] == "list"
    (model,) = body["data"]
    assert model["created"] > 1_700_000_000
    assert {name: model[name] for name in ("id", "object", "owned_by", "engine")} == {
        "id": "scripted",
        "object": "model",
        "owned_by": "carrel",
        "engine": "scripted",
    }


def test_a_server_whose_model_still_loads_says_so(
    start: Callable[..., LiveServer],
) -> None:
    may_load = threading.Event()

    def load() -> Engine:
        assert may_load.wait(60)
        return ScriptedEngine()

    live = start(pool=ModelPool([NamedLoader("slow", load)]))
    with live.client() as http:
        waiting = http.get("/health")
        assert (waiting.status_code, error_of(waiting)["code"]) == (503, "unavailable")
        assert "slow is still loading" in error_of(waiting)["message"]
        (listed,) = http.get("/v1/models").json()["data"]
        assert (listed["id"], listed["status"]) == ("slow", "loading")
        body = {"messages": [{"role": "user", "content": "Hi"}]}
        refused = http.post("/v1/chat/completions", json=body)
        assert (refused.status_code, error_of(refused)["code"]) == (503, "model_not_ready")
        may_load.set()
        live.services.models.wait_until_ready()  # type: ignore[attr-defined]
        assert http.get("/health").status_code == 200
        assert http.post("/v1/chat/completions", json=body).status_code == 200


def test_a_model_that_failed_to_load_is_reported_without_its_folder(
    start: Callable[..., LiveServer], tmp_path: Path
) -> None:
    def load() -> Engine:
        raise ModelNotFound(f"There is no model in {tmp_path}/0/models/tiny.")

    live = start(pool=ModelPool([NamedLoader("tiny", load)]))
    with live.client() as http:
        reply = http.get("/health")
        body = {"messages": [{"role": "user", "content": "Hi"}]}
        refused = http.post("/v1/chat/completions", json=body)
    assert error_of(reply)["message"] == "There is no model in models/tiny."
    assert (refused.status_code, error_of(refused)["code"]) == (404, "model_not_found")
    assert str(tmp_path) not in refused.text


def test_what_was_asked_and_ingested_is_counted(start: Callable[..., LiveServer]) -> None:
    live = start(WatchedEngine(["one two three"]))
    with live.client() as http:
        body = {"messages": [{"role": "user", "content": "Hi"}]}
        answer = http.post("/v1/chat/completions", json=body).json()
        http.post("/v1/chat/completions", json={**body, "stream": True})
        http.post(
            "/v1/collections/UserData/documents?wait=true",
            files=[("files", ("a.txt", b"Alpha.")), ("files", ("b.txt", b""))],
        )
        http.get("/v1/collections/UserData/documents/secret-id-1")
        http.get("/v1/made-up/path")
        http.get("/some/page")
        found = samples(http)

    def value(name: str, **labels: str) -> float:
        return found[(name, tuple(sorted(labels.items())))]

    usage = answer["usage"]
    assert value("carrel_tokens_total", kind="prompt") == 2 * usage["prompt_tokens"]
    assert value("carrel_tokens_total", kind="completion") == 2 * usage["completion_tokens"]
    assert value("carrel_answers_total", outcome="finished") == 2
    assert value("carrel_answers_in_progress") == 0
    assert value("carrel_time_to_first_token_seconds_count") == 2
    assert value("carrel_ingested_files_total", outcome="added") == 1
    assert value("carrel_ingested_files_total", outcome="failed") == 1
    route = "/v1/collections/{name}/documents/{document_id}"
    assert value("carrel_http_requests_total", method="GET", route=route, status="404") == 1
    assert value("carrel_http_requests_total", method="GET", route="refused", status="404") == 1
    assert value("carrel_http_requests_total", method="GET", route="page", status="404") == 1
    assert value("process_resident_memory_bytes") > 0
    assert "secret-id-1" not in str(found)


def test_each_application_counts_for_itself(start: Callable[..., LiveServer]) -> None:
    with start().client() as first, start().client() as second:
        first.get("/v1/models")
        labels = (("method", "GET"), ("route", "/v1/models"), ("status", "200"))
        assert samples(first)[("carrel_http_requests_total", labels)] == 1
        assert ("carrel_http_requests_total", labels) not in samples(second)
