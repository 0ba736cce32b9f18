"""One request to several models at once."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator

import httpx
import pytest

from carrel.engine.pool import ModelPool, NamedLoader
from carrel.engine.scripted import ScriptedEngine
from error_bodies import error_of
from running.live_server import FailingEngine, LiveServer, WatchedEngine, live_server, settings_in

ASKED = [{"role": "user", "content": "Until when is the reading room open?"}]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server of two models, one that fails after two words, and one that takes its time."""
    engines = [
        ScriptedEngine(["one answer"], name="first"),
        ScriptedEngine(["another answer"], name="second"),
        FailingEngine(2),
        WatchedEngine(["word " * 1000], seconds_per_token=0.05),
    ]
    pool = ModelPool(
        [NamedLoader(each.info.name, lambda engine=each: engine) for each in engines]  # type: ignore[misc]
    )
    pool.wait_until_ready()
    with live_server(settings_in(tmp_path_factory.mktemp("compare")), pool) as running:
        yield running


def test_all_answer_in_the_order_of_the_request(http: httpx.Client) -> None:
    body = {"messages": ASKED, "models": ["second", 0, {"model": "second", "max_tokens": 1}]}
    reply = http.post("/v1/compare", json=body)
    assert reply.status_code == 200, reply.text
    results = reply.json()["results"]
    assert [(each["index"], each["model"]) for each in results] == [
        (0, "second"),
        (1, "first"),
        (2, "second"),
    ]
    choices = [each["completion"]["choices"][0] for each in results]
    assert [each["message"]["content"] for each in choices] == [
        "another answer",
        "one answer",
        "another",
    ]
    assert choices[2]["finish_reason"] == "length"


def test_one_that_fails_does_not_end_the_others(http: httpx.Client) -> None:
    body = {"messages": ASKED, "models": ["failing", "first"]}
    failed, answered = http.post("/v1/compare", json=body).json()["results"]
    assert failed["completion"] is None
    assert failed["error"]["code"] == "generation_failed"
    assert answered["completion"]["choices"][0]["message"]["content"] == "one answer"


def test_a_stream_merges_them_and_names_the_model_of_each_event(http: httpx.Client) -> None:
    body = {
        "messages": ASKED,
        "models": ["first", "failing", "second"],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    *lines, done = [
        line.removeprefix("data: ")
        for line in http.post("/v1/compare", json=body).text.splitlines()
        if line
    ]
    assert done == "[DONE]"
    texts: dict[str, str] = defaultdict(str)
    ends, errors = {}, {}
    for event in map(json.loads, lines):
        if "error" in event:
            errors[event["index"], event["model"]] = event["error"]["code"]
            continue
        (choice,) = event["choices"]
        texts[event["model"]] += choice["delta"].get("content") or ""
        if choice["finish_reason"]:
            ends[choice["index"]] = event["usage"]["completion_tokens"]
    assert errors == {(1, "failing"): "generation_failed"}
    assert (texts["first"], texts["second"]) == ("one answer", "another answer")
    assert ends.keys() == {0, 2} and all(ends.values())


def test_documents_are_asked_by_each(http: httpx.Client) -> None:
    http.post(
        "/v1/collections/UserData/documents",
        params={"wait": True},
        json={"name": "hours.txt", "text": "The reading room is open until 20:00."},
    )
    body = {
        "messages": ASKED,
        "models": [0, 1],
        "documents": {"collections": ["UserData"]},
    }
    for each in http.post("/v1/compare", json=body).json()["results"]:
        assert each["completion"]["sources"][0]["document"] == "hours.txt"


def test_leaving_the_stream_stops_all(live: LiveServer, http: httpx.Client) -> None:
    engine = live.services.models.get("watched")
    assert isinstance(engine, WatchedEngine)
    body = {"messages": ASKED, "models": ["watched", "first"], "stream": True}
    with http.stream("POST", "/v1/compare", json=body) as reply:
        assert next(reply.iter_lines())
    assert engine.ended.wait(30)
    assert engine.written < 500


@pytest.mark.parametrize(
    ("fields", "code", "said"),
    [
        ({"models": ["first"]}, "invalid_request", "models"),
        ({"models": ["first"] * 5}, "invalid_request", "models"),
        ({"models": ["first", "absent"]}, "model_not_found", "absent"),
        ({"models": ["first", 9]}, "model_not_found", "are 0 to 3"),
        ({"models": ["first", "9"]}, "model_not_found", "are 0 to 3"),
        ({"models": [0, 1], "model": "first"}, "unsupported_parameter", "'model'"),
        ({"models": [0, 1], "n": 2}, "unsupported_parameter", "'n'"),
        ({"models": [0, {"model": 1, "stop": "x"}]}, "invalid_request", "stop"),
    ],
)
def test_what_makes_no_sense_is_refused(
    http: httpx.Client, fields: dict[str, object], code: str, said: str
) -> None:
    error = error_of(http.post("/v1/compare", json={"messages": ASKED} | fields))
    assert error["code"] == code
    assert said in error["message"]


@pytest.mark.parametrize("choice", [1, "1", "second"])
def test_a_chat_names_its_model_by_place_too(http: httpx.Client, choice: object) -> None:
    reply = http.post("/v1/chat/completions", json={"messages": ASKED, "model": choice})
    assert reply.json()["model"] == "second"
