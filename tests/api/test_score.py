"""Scores of answers through a real server with a real, tiny reward model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import openai
import pytest

from carrel.client import Client
from running.live_server import LiveServer, live_server, settings_in
from tiny.reward import save_chat_reward, save_pair_reward

BODY = {"messages": [{"role": "user", "content": "Who reads there?"}]}


@pytest.fixture(scope="module")
def scoring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server that scores its answers."""
    folder = save_chat_reward(tmp_path_factory.mktemp("models") / "reward")
    settings = settings_in(tmp_path_factory.mktemp("scoring"), score_model=folder)
    with live_server(settings) as live:
        yield live


def test_a_reply_has_a_score_and_the_name_of_its_model(scoring: LiveServer) -> None:
    with scoring.client() as http:
        first, second = (http.post("/v1/chat/completions", json=BODY).json() for _ in range(2))
        counted = http.get("/metrics").text
    assert isinstance(first["score"], float)
    assert (first["score"], first["score_model"]) == (second["score"], "reward")
    assert "carrel_answers_scored_total 2.0" in counted


@pytest.mark.parametrize("include_usage", [False, True])
def test_the_openai_package_finds_the_score_in_the_last_chunk(
    scoring: LiveServer, include_usage: bool
) -> None:
    with (
        httpx.Client(trust_env=False) as http,
        openai.OpenAI(
            base_url=f"{scoring.address}/v1", api_key="any", http_client=http, max_retries=0
        ) as sdk,
    ):
        asked = sdk.chat.completions.create(
            model="scripted", messages=[{"role": "user", "content": "Who reads there?"}]
        )
        chunks = list(
            sdk.chat.completions.create(
                model="scripted",
                messages=[{"role": "user", "content": "Who reads there?"}],
                stream=True,
                stream_options={"include_usage": include_usage},
            )
        )
    assert asked.model_extra is not None
    extras = [chunk.model_extra or {} for chunk in chunks]
    assert extras[-1]["score"] == asked.model_extra["score"]
    assert extras[-1]["score_model"] == "reward"
    assert not any("score" in each for each in extras[:-1])


def test_the_client_knows_the_score(scoring: LiveServer) -> None:
    with Client(scoring.address) as client:
        whole = client.chat("Who reads there?")
        with client.stream("Who reads there?") as stream:
            assert "".join(stream) == whole.text
    assert whole.scored is not None
    assert whole.scored.model == "reward"
    assert stream.answer().scored == whole.scored


def test_without_a_usable_score_model_the_server_answers_and_is_healthy(tmp_path: Path) -> None:
    folder = save_pair_reward(tmp_path / "classes", labels=2)
    with (
        live_server(settings_in(tmp_path / "data", score_model=folder)) as live,
        live.client() as http,
    ):
        assert http.get("/health").status_code == 200
        reply = http.post("/v1/chat/completions", json=BODY)
    assert reply.status_code == 200
    assert "score" not in reply.json()
