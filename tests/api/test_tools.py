"""Function calling, through real servers and the clients that people use."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from langchain_core.tools import tool as langchain_tool
from langchain_openai import ChatOpenAI
from pydantic import BaseModel
from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

from carrel.engine.scripted import ScriptedEngine
from error_bodies import error_of
from running.live_server import LiveServer, live_server, pool_of, settings_in
from tiny.model import TEMPLATE, save_tiny_model

CALL = '<tool_call>\n{"name": "weather", "arguments": {"city": "Oslo"}}\n</tool_call>'
WEATHER: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Tells the weather of a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"enum": ["Oslo", "Bergen"]}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}
ASKED: list[Any] = [{"role": "user", "content": "What is the weather in Oslo?"}]
SMALL: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "w",
        "parameters": {
            "type": "object",
            "properties": {"c": {"enum": ["a", "b"]}},
            "required": ["c"],
            "additionalProperties": False,
        },
    },
}
HI: list[Any] = [{"role": "user", "content": "Hi"}]
TOOL_TEMPLATE = "{% if tools %}<|start|>system\n{{ tools | tojson }}<|end|>\n{% endif %}" + TEMPLATE


@pytest.fixture
def calling(tmp_path: Path) -> Iterator[LiveServer]:
    """A server whose model calls the tool, and then answers."""
    engine = ScriptedEngine([CALL, "It rains in Oslo."])
    with live_server(settings_in(tmp_path), pool_of(engine)) as live:
        yield live


@pytest.fixture
def sdk(calling: LiveServer) -> Iterator[openai.OpenAI]:
    with httpx.Client(trust_env=False) as http:
        yield openai.OpenAI(
            base_url=f"{calling.address}/v1", api_key="any", http_client=http, max_retries=0
        )


@pytest.fixture
def own_client() -> Iterator[httpx.Client]:
    """A connection that is closed after the test; LangChain keeps its own open."""
    with httpx.Client(trust_env=False) as client:
        yield client


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A real model whose template has a form for tools."""
    folder = tmp_path_factory.mktemp("tools")
    model = save_tiny_model(folder / "model", template=TOOL_TEMPLATE)
    settings = settings_in(folder, engine="continuous", base_model=model, dtype="float32")
    with live_server(settings) as live:
        yield live


def test_a_call_its_result_and_the_answer(sdk: openai.OpenAI) -> None:
    first = sdk.chat.completions.create(model="scripted", messages=ASKED, tools=[WEATHER])
    (choice,) = first.choices
    assert (choice.finish_reason, choice.message.content) == ("tool_calls", None)
    assert choice.message.tool_calls is not None
    (call,) = choice.message.tool_calls
    assert call.type == "function"
    assert (call.function.name, json.loads(call.function.arguments)) == (
        "weather",
        {"city": "Oslo"},
    )
    result: Any = {"role": "tool", "tool_call_id": call.id, "content": "rain"}
    second = sdk.chat.completions.create(
        model="scripted", messages=[*ASKED, choice.message, result], tools=[WEATHER]
    )
    assert second.choices[0].message.content == "It rains in Oslo."
    assert second.choices[0].finish_reason == "stop"


def test_a_call_in_a_stream(sdk: openai.OpenAI) -> None:
    with sdk.chat.completions.stream(model="scripted", messages=ASKED, tools=[WEATHER]) as stream:
        completion = stream.get_final_completion()
    (call,) = completion.choices[0].message.tool_calls or ()
    assert json.loads(call.function.arguments) == {"city": "Oslo"}
    assert completion.choices[0].finish_reason == "tool_calls"


def test_the_raw_response_has_its_headers(sdk: openai.OpenAI) -> None:
    raw = sdk.chat.completions.with_raw_response.create(
        model="scripted", messages=ASKED, tools=[WEATHER]
    )
    assert raw.headers["x-request-id"]
    assert raw.parse().choices[0].message.tool_calls


async def test_the_asynchronous_package_streams_calls(calling: LiveServer) -> None:
    async with openai.AsyncOpenAI(base_url=f"{calling.address}/v1", api_key="any") as client:
        chunks = await client.chat.completions.create(
            model="scripted", messages=ASKED, tools=[WEATHER], stream=True
        )
        calls = [
            call
            async for chunk in chunks
            for choice in chunk.choices
            for call in choice.delta.tool_calls or ()
        ]
    assert [(each.index, each.function and each.function.name) for each in calls] == [
        (0, "weather")
    ]


def test_without_tools_the_same_words_are_text(sdk: openai.OpenAI) -> None:
    for options in ({}, {"tools": [WEATHER], "tool_choice": "none"}):
        reply = sdk.chat.completions.create(model="scripted", messages=ASKED, **options)  # type: ignore[call-overload]
        assert not reply.choices[0].message.tool_calls
        sdk.chat.completions.create(model="scripted", messages=ASKED)  # the second answer


def test_langchain_calls_tools_and_streams(calling: LiveServer, own_client: httpx.Client) -> None:
    @langchain_tool
    def weather(city: str) -> str:
        """Tell the weather of a city."""
        return f"rain in {city}"

    model = ChatOpenAI(
        model="scripted",
        base_url=f"{calling.address}/v1",
        api_key="any",  # type: ignore[arg-type]
        max_retries=0,
        http_client=own_client,
    )
    called = model.bind_tools([weather]).invoke("What is the weather in Oslo?")
    (call,) = called.tool_calls  # type: ignore[attr-defined]
    assert weather.invoke(call["args"]) == "rain in Oslo"
    assert model.invoke("And now?").content == "It rains in Oslo."
    texts = [str(each.content) for each in model.stream("Again?")]
    assert "weather" in "".join(texts)


def test_langchain_asks_documents_and_reads_their_sources(
    live: LiveServer, own_client: httpx.Client
) -> None:
    with live.client() as http:
        http.post("/v1/collections", json={"name": "langchain"})
        http.post(
            "/v1/collections/langchain/documents",
            params={"wait": True},
            json={"name": "hours.txt", "text": "The reading room is open until 20:00."},
        )
    model = ChatOpenAI(
        model="scripted",
        base_url=f"{live.address}/v1",
        api_key="any",  # type: ignore[arg-type]
        extra_body={"documents": {"collections": ["langchain"]}},
        http_client=own_client,
    )
    assert model.invoke("Until when is the reading room open?").content
    # LangChain keeps no field that it does not know: the openai package below it does.
    raw = model.root_client.chat.completions.create(
        model="scripted",
        messages=[{"role": "user", "content": "Until when is the reading room open?"}],
        extra_body={"documents": {"collections": ["langchain"]}},
    )
    assert raw.sources[0]["document"] == "hours.txt"


async def test_a_pydantic_ai_agent_runs_its_tool(calling: LiveServer) -> None:
    asked: list[str] = []

    def weather(city: str) -> str:
        """Tell the weather of a city."""
        asked.append(city)
        return "rain"

    async with openai.AsyncOpenAI(base_url=f"{calling.address}/v1", api_key="any") as client:
        provider = OpenAIProvider(openai_client=client)
        agent = Agent(OpenAIChatModel("scripted", provider=provider), tools=[weather])
        result = await agent.run("What is the weather in Oslo?")
    assert asked == ["Oslo"]
    assert result.output == "It rains in Oslo."


async def test_a_pydantic_ai_agent_gets_a_structured_answer(tmp_path: Path) -> None:
    class City(BaseModel):
        name: str
        people: int

    answer = '{"name": "final_result", "arguments": {"name": "Oslo", "people": 700000}}'
    pool = pool_of(ScriptedEngine([answer]))
    with live_server(settings_in(tmp_path), pool) as live:
        async with openai.AsyncOpenAI(base_url=f"{live.address}/v1", api_key="any") as client:
            provider = OpenAIProvider(openai_client=client)
            agent = Agent(OpenAIChatModel("scripted", provider=provider), output_type=City)
            result = await agent.run("Describe Oslo.")
    assert result.output == City(name="Oslo", people=700000)


def test_curl_gets_a_call(calling: LiveServer) -> None:
    body = json.dumps({"messages": ASKED, "tools": [WEATHER]})
    run = subprocess.run(
        ["curl", "-sS", f"{calling.address}/v1/chat/completions", "--json", body],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    message = json.loads(run.stdout)["choices"][0]["message"]
    assert message["content"] is None
    assert message["tool_calls"][0]["function"]["name"] == "weather"


@pytest.mark.parametrize("choice", ["required", {"type": "function", "function": {"name": "w"}}])
def test_a_real_model_that_has_to_call_keeps_to_the_schema(
    tiny: LiveServer, choice: object
) -> None:
    with tiny.client() as http:
        body = {"messages": HI, "tools": [SMALL], "tool_choice": choice, "max_tokens": 60}
        reply = http.post("/v1/chat/completions", json=body | {"temperature": 1.0, "seed": 3})
    assert reply.status_code == 200, reply.text
    (call,) = reply.json()["choices"][0]["message"]["tool_calls"]
    assert call["function"]["name"] == "w"
    assert json.loads(call["function"]["arguments"])["c"] in ("a", "b")


def test_a_real_model_sees_the_tools_and_the_earlier_calls(tiny: LiveServer) -> None:
    def prompt_tokens(**options: object) -> int:
        with tiny.client() as http:
            body = {"messages": HI, "max_tokens": 1, **options}
            reply = http.post("/v1/chat/completions", json=body)
        assert reply.status_code == 200, reply.text
        return int(reply.json()["usage"]["prompt_tokens"])

    assert prompt_tokens(tools=[SMALL]) > prompt_tokens() + 40


def test_a_model_without_a_form_for_tools_is_refused_by_name(
    models_dir: Path, tmp_path: Path
) -> None:
    flags = {"engine": "continuous", "models_dir": models_dir}
    with live_server(settings_in(tmp_path, **flags)) as live, live.client() as http:
        reply = http.post("/v1/chat/completions", json={"messages": ASKED, "tools": [WEATHER]})
    error = error_of(reply)
    assert error["code"] == "unsupported_parameter"
    assert "chat template does not support them" in error["message"]


NAMED = {"type": "function", "function": {"name": "clock"}}


@pytest.mark.parametrize(
    ("fields", "code", "said"),
    [
        ({"tools": [WEATHER, WEATHER]}, "invalid_request", "Two tools have the same name"),
        ({"tools": [WEATHER], "tool_choice": NAMED}, "invalid_request", "not in tools"),
        ({"tool_choice": "required"}, "invalid_request", "needs tools"),
        ({"tools": [{"type": "web_search"}]}, "unsupported_parameter", "'web_search'"),
        (
            {"tools": [WEATHER], "documents": {"collections": ["UserData"]}},
            "unsupported_parameter",
            "documents",
        ),
        (
            {"tools": [WEATHER], "tool_choice": "required", "stop": "x"},
            "unsupported_parameter",
            "stop",
        ),
        (
            {"messages": [*ASKED, {"role": "tool", "content": "x"}]},
            "invalid_request",
            "tool_call_id",
        ),
        ({"messages": [{"role": "assistant"}]}, "invalid_request", "content is missing"),
    ],
)
def test_what_makes_no_sense_is_refused(
    http: httpx.Client, fields: dict[str, object], code: str, said: str
) -> None:
    error = error_of(http.post("/v1/chat/completions", json={"messages": ASKED} | fields))
    assert error["code"] == code
    assert said in error["message"]
