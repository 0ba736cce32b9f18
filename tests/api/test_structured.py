"""JSON answers, log-probabilities and timing, as the official openai package reads them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import httpx
import openai
import pytest
from openai.types.chat import ChatCompletionTokenLogprob
from pydantic import BaseModel, ConfigDict, Field

from carrel.client import Client
from carrel.engine.loading.loader import load
from carrel.engine.sequential import SequentialEngine
from carrel.engine.spec import ModelSpec
from error_bodies import error_of
from running.live_server import LiveServer, live_server, pool_of, settings_in

QUESTION: Any = [{"role": "user", "content": "Describe a person named Ann, as JSON."}]


class Person(BaseModel):
    """What the model has to describe."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=20)
    age: int = Field(ge=0, le=120)
    mood: Literal["calm", "glad"]
    tags: list[Literal["a", "b"]] = Field(max_length=2)


SCHEMA = {
    "type": "json_schema",
    "json_schema": {"name": "person", "schema": Person.model_json_schema(), "strict": True},
}


@pytest.fixture(scope="module")
def live(models_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server of the bundled model."""
    engine = SequentialEngine(load(ModelSpec(models_dir=models_dir)))
    settings = settings_in(tmp_path_factory.mktemp("structured"))
    with live_server(settings, pool_of(engine)) as running:
        yield running


@pytest.fixture
def sdk(live: LiveServer) -> Iterator[openai.OpenAI]:
    with (
        httpx.Client(trust_env=False) as http,
        openai.OpenAI(
            base_url=f"{live.address}/v1", api_key="any", http_client=http, max_retries=0
        ) as client,
    ):
        yield client


def joined(tokens: list[ChatCompletionTokenLogprob]) -> str:
    return b"".join(bytes(token.bytes or ()) for token in tokens).decode()


def test_the_openai_package_parses_an_answer_into_a_pydantic_model(sdk: openai.OpenAI) -> None:
    completion = sdk.chat.completions.parse(
        model=sdk.models.list().data[0].id,
        messages=QUESTION,
        response_format=Person,
        max_tokens=90,
        seed=1,
        temperature=0.5,
    )
    person = completion.choices[0].message.parsed
    assert isinstance(person, Person)
    assert completion.choices[0].finish_reason == "stop"


def test_a_schema_is_kept_to_in_a_stream(sdk: openai.OpenAI) -> None:
    chunks = list(
        sdk.chat.completions.create(
            model=sdk.models.list().data[0].id,
            messages=QUESTION,
            response_format=SCHEMA,  # type: ignore[arg-type]
            max_tokens=90,
            stream=True,
        )
    )
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    Person.model_validate_json(text)
    assert chunks[-1].choices[0].finish_reason == "stop"


def test_a_schema_can_be_asked_for_with_documents(live: LiveServer) -> None:
    with live.client() as http:
        added = http.post(
            "/v1/collections/UserData/documents",
            params={"wait": "true"},
            json={"name": "gate", "text": "The gate code is 4711. The gate is green."},
        )
        assert added.status_code == 200, added.text
        schema = {
            "type": "object",
            "properties": {"code": {"type": "integer", "maximum": 9999}},
            "required": ["code"],
            "additionalProperties": False,
        }
        named = {"name": "gate", "schema": schema}
        reply = http.post(
            "/v1/chat/completions",
            json={
                "messages": [{"role": "user", "content": "What is the gate code?"}],
                "documents": {"collections": ["UserData"]},
                "response_format": {"type": "json_schema", "json_schema": named},
                "max_tokens": 40,
            },
        ).json()
    assert isinstance(json.loads(reply["choices"][0]["message"]["content"])["code"], int)
    assert reply["sources"][0]["document"] == "gate.txt"


def test_a_cut_answer_has_length_as_its_reason(live: LiveServer) -> None:
    with live.client() as http:
        body = {"messages": QUESTION, "response_format": {"type": "json_object"}, "max_tokens": 3}
        (choice,) = http.post("/v1/chat/completions", json=body).json()["choices"]
    assert choice["finish_reason"] == "length"
    assert choice["message"]["content"].startswith("{")


def test_a_schema_that_cannot_be_honored_is_refused_by_its_keyword(live: LiveServer) -> None:
    schema = {"type": "array", "items": {"type": "string"}, "uniqueItems": True}
    wanted = {"type": "json_schema", "json_schema": {"name": "set", "schema": schema}}
    with live.client() as http:
        for stream in (False, True):
            reply = http.post(
                "/v1/chat/completions",
                json={"messages": QUESTION, "response_format": wanted, "stream": stream},
            )
            assert reply.status_code == 400
            assert error_of(reply)["code"] == "unsupported_parameter"
            assert "uniqueItems" in error_of(reply)["message"]


def test_the_openai_package_reads_log_probabilities(sdk: openai.OpenAI) -> None:
    asked: dict[str, Any] = {
        "model": sdk.models.list().data[0].id,
        "messages": QUESTION,
        "max_tokens": 12,
        "logprobs": True,
        "top_logprobs": 3,
    }
    choice = sdk.chat.completions.create(**asked).choices[0]
    assert choice.logprobs is not None
    tokens = choice.logprobs.content
    assert tokens
    assert joined(tokens) == choice.message.content
    for token in tokens:
        assert len(token.top_logprobs) == 3
        assert token.top_logprobs[0].token == token.token  # the answer is greedy
        assert token.top_logprobs[0].logprob == token.logprob <= 0
    streamed: list[ChatCompletionTokenLogprob] = []
    for chunk in sdk.chat.completions.create(**asked, stream=True):
        for each in chunk.choices:
            if each.logprobs is not None and each.logprobs.content is not None:
                assert joined(each.logprobs.content) == each.delta.content
                streamed += each.logprobs.content
    assert [each.token for each in streamed] == [each.token for each in tokens]
    values = [each.logprob for each in streamed]
    assert values == pytest.approx([each.logprob for each in tokens], abs=1e-4)


def test_without_being_asked_for_there_are_no_log_probabilities(sdk: openai.OpenAI) -> None:
    model = sdk.models.list().data[0].id
    completion = sdk.chat.completions.create(model=model, messages=QUESTION, max_tokens=2)
    assert completion.choices[0].logprobs is None


def test_an_answer_has_a_least_length_and_a_longest_time(sdk: openai.OpenAI) -> None:
    asked: dict[str, Any] = {"model": sdk.models.list().data[0].id, "messages": QUESTION}
    cut = sdk.chat.completions.create(**asked, max_tokens=400, extra_body={"max_time": 0.05})
    assert cut.choices[0].finish_reason == "length"
    assert cut.usage is not None
    assert cut.usage.completion_tokens < 400
    said: Any = [{"role": "user", "content": "Say yes."}]
    for least in (0, 40):
        long = sdk.chat.completions.create(
            **{**asked, "messages": said}, max_tokens=60, extra_body={"min_tokens": least}
        )
        assert long.usage is not None
        assert long.usage.completion_tokens >= least


def test_usage_has_the_time_to_the_first_token_and_the_speed(sdk: openai.OpenAI) -> None:
    completion = sdk.chat.completions.create(
        model=sdk.models.list().data[0].id, messages=QUESTION, max_tokens=5
    )
    assert completion.usage is not None
    timing = completion.usage.model_extra
    assert timing is not None
    assert 0 < timing["time_to_first_token"] <= timing["seconds"]
    assert timing["tokens_per_second"] > 0


def test_the_client_asks_for_json_and_log_probabilities(live: LiveServer) -> None:
    with Client(live.address) as client:
        answer = client.chat(
            "Describe a person.", response_format=SCHEMA, logprobs=True, top_logprobs=1,
            max_tokens=90,
        )  # fmt: skip
        Person.model_validate_json(answer.text)
        assert b"".join(each.content for each in answer.logprobs).decode() == answer.text
        assert all(len(each.alternatives) == 1 for each in answer.logprobs)
        with client.stream("Why?", max_tokens=5, logprobs=True) as stream:
            list(stream)
        streamed = stream.answer()
    assert b"".join(each.content for each in streamed.logprobs).decode() == streamed.text
    assert streamed.usage.time_to_first_token is not None
