"""Commands whose work a running server does, and what they show of its documents."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from carrel.engine.scripted import ScriptedEngine
from running.live_server import LiveServer, live_server, pool_of, settings_in
from running.real_processes import CommandLine

ANSWER = "The reading room is open until 20:00."
TEXTS = {"hours.txt": ANSWER, "rules.txt": "The reading room is quiet."}


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    settings = settings_in(tmp_path_factory.mktemp("served"))
    with live_server(settings, pool_of(ScriptedEngine([ANSWER]))) as running:
        with running.client() as http:
            for name, text in {
                "hours.txt": ANSWER,
                "rules.txt": "The reading room is quiet.",
            }.items():
                added = http.post(
                    "/v1/collections/UserData/documents",
                    params={"wait": True},
                    json={"name": name, "text": text},
                )
                assert added.status_code == 200
        yield running


def ids(live: LiveServer) -> dict[str, str]:
    with live.client() as http:
        listed = http.get("/v1/collections/UserData/documents").json()["documents"]
    return {each["name"]: each["id"] for each in listed}


def test_an_answer_shows_the_sources_that_it_uses(carrel: CommandLine, live: LiveServer) -> None:
    asked = carrel.run("ask", "When is the reading room open?", f"--server={live.address}")
    assert asked.returncode == 0, asked.stderr
    assert '[1] hours.txt: "The reading room is open until 20:00."' in asked.stdout
    assert "rules.txt" not in asked.stdout
    assert "(not used: 1)" in asked.stdout


def test_a_search_is_held_to_documents(carrel: CommandLine, live: LiveServer) -> None:
    flags = [f"--server={live.address}", f"--documents={ids(live)['rules.txt']}", "--json"]
    found = carrel.run("search", "reading room", *flags)
    assert found.returncode == 0, found.stderr
    assert [each["document"] for each in json.loads(found.stdout)] == ["rules.txt"]


@pytest.mark.parametrize("by", ["documents", "filter"])
def test_a_question_is_held_to_documents(carrel: CommandLine, live: LiveServer, by: str) -> None:
    value = ids(live)["rules.txt"] if by == "documents" else "name:rules*"
    flags = [f"--server={live.address}", f"--{by}={value}", "--json"]
    asked = carrel.run("ask", "When is the reading room open?", *flags)
    assert asked.returncode == 0, asked.stderr
    assert {each["document"] for each in json.loads(asked.stdout)["sources"]} == {"rules.txt"}


def test_a_chat_helps_and_shows_what_it_read(carrel: CommandLine, live: LiveServer) -> None:
    typed = "/help\n/sources\nWhen is the reading room open?\n/sources\n/nothing\n/quit\n"
    chatted = carrel.run("chat", f"--server={live.address}", stdin=typed)
    assert chatted.returncode == 0, chatted.stderr
    assert "/new      start over" in chatted.stdout
    assert "No answer has sources yet." in chatted.stdout
    assert "[2] rules.txt" in chatted.stdout
    assert "There is no /nothing: /help lists what there is." in chatted.stdout


@pytest.mark.parametrize(
    ("server", "said"),
    [
        ("localhost:7860", "write http://HOST:PORT"),
        ("http://192.0.2.1:7860", "on another machine, and --offline is set"),
        ("http://127.0.0.1:9", "No Carrel server answers"),
    ],
)
def test_a_server_that_cannot_be_asked_is_reported(
    carrel: CommandLine, server: str, said: str
) -> None:
    asked = carrel.run("search", "reading room", f"--server={server}", "--offline=True")
    assert asked.returncode != 0
    assert said in asked.stderr
    assert asked.stderr.count("\n") == 1
