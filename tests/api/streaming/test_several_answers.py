"""Several answers to one request, as the official openai package reads them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import openai
import pytest

from error_bodies import error_of
from running.live_server import FailingEngine, LiveServer, live_server, settings_in

ASKED = [{"role": "user", "content": "Name an animal."}]


@pytest.fixture(scope="module")
def bundled(models_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    flags = {"engine": "continuous", "models_dir": models_dir}
    with live_server(settings_in(tmp_path_factory.mktemp("several"), **flags)) as live:
        yield live


@pytest.fixture
def sdk(bundled: LiveServer) -> Iterator[openai.OpenAI]:
    with (
        httpx.Client(trust_env=False) as http,
        openai.OpenAI(
            base_url=f"{bundled.address}/v1", api_key="any", http_client=http, max_retries=0
        ) as client,
    ):
        yield client


def test_each_answer_has_its_index_and_a_seed_of_its_own(sdk: openai.OpenAI) -> None:
    def asked(seed: int, n: int) -> list[str]:
        reply = sdk.chat.completions.create(
            model="SmolLM2-135M-Instruct",
            messages=ASKED,  # type: ignore[arg-type]
            n=n,
            seed=seed,
            temperature=1.5,
            max_tokens=12,
        )
        assert [each.index for each in reply.choices] == list(range(n))
        assert reply.usage is not None
        assert reply.usage.completion_tokens <= 12 * n
        return [each.message.content or "" for each in reply.choices]

    three = asked(5, 3)
    assert len(set(three)) == 3
    assert [*asked(5, 1), *asked(6, 1), *asked(7, 1)] == three


def test_a_stream_mixes_them_and_adds_their_tokens_up(sdk: openai.OpenAI) -> None:
    texts: dict[int, str] = defaultdict(str)
    ends: dict[int, str] = {}
    usage = None
    for chunk in sdk.chat.completions.create(
        model="SmolLM2-135M-Instruct",
        messages=ASKED,  # type: ignore[arg-type]
        n=2,
        max_tokens=6,
        stream=True,
        stream_options={"include_usage": True},
    ):
        usage = chunk.usage or usage
        for choice in chunk.choices:
            texts[choice.index] += choice.delta.content or ""
            if choice.finish_reason:
                ends[choice.index] = choice.finish_reason
    assert texts[0] and texts[1]
    assert ends.keys() == {0, 1}
    assert usage is not None
    assert 6 < usage.completion_tokens <= 12


def test_one_that_fails_fails_the_request(start: Callable[..., LiveServer]) -> None:
    live = start(FailingEngine(1))
    with live.client() as http:
        reply = http.post("/v1/chat/completions", json={"messages": ASKED, "n": 2})
        assert error_of(reply)["code"] == "generation_failed"
        body = {"messages": ASKED, "n": 2, "stream": True}
        lines = [line for line in http.post("/v1/chat/completions", json=body).iter_lines() if line]
    assert json.loads(lines[-1].removeprefix("data: "))["error"]["code"] == "generation_failed"


@pytest.mark.parametrize(
    ("extra", "code"),
    [
        ({"n": 9}, "invalid_request"),
        ({"n": 0}, "invalid_request"),
        ({"n": 2, "documents": {"collections": ["UserData"]}}, "unsupported_parameter"),
    ],
)
def test_what_cannot_be_had_is_refused(
    http: httpx.Client, extra: dict[str, object], code: str
) -> None:
    reply = http.post("/v1/chat/completions", json={"messages": ASKED, **extra})
    assert error_of(reply)["code"] == code
    assert "'n'" in error_of(reply)["message"]
