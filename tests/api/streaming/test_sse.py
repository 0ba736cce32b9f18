"""Streams that end early: by an error, by the client, by the server."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from carrel.api.errors import ErrorReplies
from carrel.api.streaming.sse import EventStream, event
from carrel.core.errors import ModelNotReady
from error_bodies import checked, error_of
from running.live_server import FailingEngine, LiveServer, WatchedEngine

BODY = {"messages": [{"role": "user", "content": "Why?"}], "stream": True, "max_tokens": 4000}


def data_of(lines: Iterator[str]) -> list[str]:
    """Return the data of each event."""
    return [line.removeprefix("data: ") for line in lines if line]


def test_a_stream_that_fails_in_the_middle_ends_with_an_error_event(
    start: Callable[..., LiveServer],
) -> None:
    with start(FailingEngine(words=2)).client() as http:
        with http.stream("POST", "/v1/chat/completions", json=BODY) as reply:
            assert reply.status_code == 200
            assert reply.headers["Content-Type"].startswith("text/event-stream")
            events = data_of(reply.iter_lines())
        *chunks, last = [json.loads(each) for each in events]
        text = "".join(each["choices"][0]["delta"].get("content", "") for each in chunks)
        assert text == "one two"
        error = checked(last)
        assert (error["code"], error["message"]) == (
            "generation_failed",
            "The model stopped working.",
        )
        metrics = http.get("/metrics").text
        assert 'carrel_answers_total{outcome="failed"} 1.0' in metrics
        assert "carrel_answers_in_progress 0.0" in metrics


def test_a_failure_before_the_first_word_has_a_status_of_its_own(
    start: Callable[..., LiveServer],
) -> None:
    with start(FailingEngine(words=0)).client() as http:
        reply = http.post("/v1/chat/completions", json=BODY)
    assert (reply.status_code, error_of(reply)["code"]) == (500, "generation_failed")


@pytest.mark.parametrize("words", [0, 2])
def test_an_unforeseen_failure_is_reported_without_its_details_and_logged(
    start: Callable[..., LiveServer], words: int, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "the password is /srv/secret"
    live = start(FailingEngine(words, RuntimeError(secret)))
    with live.client() as http, caplog.at_level(logging.ERROR):
        with http.stream("POST", "/v1/chat/completions", json=BODY) as reply:
            content = reply.read().decode()
        assert secret not in content
        assert "Traceback" not in content
        last = content.split("data: ")[-1]
        assert checked(json.loads(last))["code"] == "internal_error"
        assert reply.status_code == (200 if words else 500)
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert reply.headers["X-Request-Id"]
    with live.client() as http:
        assert http.get("/health").status_code == 200
    assert secret in caplog.text


def test_a_client_that_hangs_up_stops_the_model(start: Callable[..., LiveServer]) -> None:
    engine = WatchedEngine(["word " * 3000], seconds_per_token=0.01)
    live = start(engine)
    with live.client() as http, http.stream("POST", "/v1/chat/completions", json=BODY) as reply:
        lines = reply.iter_lines()
        assert next(lines)
        assert not engine.ended.is_set()
    assert engine.ended.wait(20), "the model continues although nobody reads"
    assert engine.written < 1500
    with live.client() as http:
        assert 'outcome="stopped"} 1.0' in http.get("/metrics").text


def test_a_client_that_hangs_up_before_the_first_word_stops_the_model(
    start: Callable[..., LiveServer],
) -> None:
    engine = WatchedEngine(["word"], seconds_per_token=3600)
    with start(engine).client() as http:
        with pytest.raises(httpx.ReadTimeout):
            http.post("/v1/chat/completions", json=BODY, timeout=httpx.Timeout(10, read=0.5))
        assert engine.ended.wait(20), "the model waits although nobody reads"


def test_a_server_that_stops_ends_open_streams_with_an_error(
    start: Callable[..., LiveServer],
) -> None:
    engine = WatchedEngine(["word " * 3000], seconds_per_token=0.1)
    live = start(engine)
    with live.client() as http, http.stream("POST", "/v1/chat/completions", json=BODY) as reply:
        lines = reply.iter_lines()
        assert next(lines)
        live.stop()
        last = data_of(lines)[-1]
    assert checked(json.loads(last))["code"] == "unavailable"
    assert engine.ended.wait(20)
    assert live.stopped.wait(20)


def test_a_server_that_stops_answers_open_requests_with_an_error(
    start: Callable[..., LiveServer],
) -> None:
    engine = WatchedEngine(["word " * 3000], seconds_per_token=0.1)
    live = start(engine)
    with live.client() as http, ThreadPoolExecutor(1) as asking:
        body = {**BODY, "stream": False}
        reply = asking.submit(http.post, "/v1/chat/completions", json=body)
        assert engine.begun.wait(20)
        live.stop()
        assert (reply.result().status_code, error_of(reply.result())["code"]) == (
            503,
            "unavailable",
        )
    assert engine.ended.wait(20)


async def collected(stream: EventStream) -> list[dict[str, Any]]:
    """Return what a stream sends to a client that stays."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError("never")

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await stream({"type": "http"}, receive, send)  # type: ignore[arg-type]
    return sent


async def test_the_generator_is_closed_in_the_task_that_reads_it() -> None:
    seen: list[asyncio.Task[Any] | None] = []

    async def events() -> AsyncGenerator[bytes]:
        seen.append(asyncio.current_task())
        try:
            yield event("1")
            seen.append(asyncio.current_task())
            raise ModelNotReady("Still loading below /srv/data/models.")
        finally:
            seen.append(asyncio.current_task())

    errors = ErrorReplies([Path("/srv/data")])
    sent = await collected(EventStream(events(), errors, asyncio.Event()))
    assert len(set(seen)) == 1
    assert [each["type"] for each in sent] == [
        "http.response.start",
        "http.response.body",
        "http.response.body",
        "http.response.body",
    ]
    assert sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}
    error = checked(json.loads(sent[-2]["body"].removeprefix(b"data: ")))
    assert error["message"] == "Still loading below data/models."
