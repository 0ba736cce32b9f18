from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from carrel.core.chat import Finished, FinishReason, Message, Role, SamplingParams, TextDelta
from carrel.core.errors import (
    CarrelError,
    GenerationFailed,
    ModelNotFound,
    OfflineRefused,
    PromptTooLong,
    QueueFull,
    RemoteUnavailable,
    UnsupportedParameter,
)
from carrel.engine.remote.engine import RemoteEngine, estimated_tokens
from running.real_processes import CommandLine, start_server
from stand_ins.foreign_processes import closed_port, transformers_server
from stand_ins.openai_server import ANSWER, CONTEXT, MODEL, ForeignServer, foreign_server

QUESTION = [Message(Role.USER, "Describe a library.")]
TEXT = 'data: {"choices": [{"delta": {"content": "Hi"}}]}'
END = 'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}'


@pytest.fixture
def server() -> Iterator[ForeignServer]:
    with foreign_server() as running:
        yield running


async def answer(engine: RemoteEngine, sampling: SamplingParams) -> tuple[str, Finished]:
    async with aclosing(engine.generate(QUESTION, sampling)) as events:
        seen = [event async for event in events]
    assert isinstance(seen[-1], Finished)
    return "".join(event.text for event in seen if isinstance(event, TextDelta)), seen[-1]


async def test_the_first_model_and_its_context_are_taken(server: ForeignServer) -> None:
    info = RemoteEngine(server.base_url, None, None).info
    assert (info.name, info.context_length, info.engine) == (MODEL, CONTEXT, "remote")


def test_a_model_that_the_server_lacks_is_named_with_those_it_has(server: ForeignServer) -> None:
    with pytest.raises(ModelNotFound, match=f"other/model; it has: {MODEL}"):
        RemoteEngine(server.base_url, "other/model", None)


def test_a_server_that_lists_nothing_is_believed_to_load_on_demand(server: ForeignServer) -> None:
    server.listed = []
    assert RemoteEngine(server.base_url, "other/model", None).info.name == "other/model"
    with pytest.raises(ModelNotFound, match="it has: none"):
        RemoteEngine(server.base_url, None, None)


def test_a_server_that_is_not_there_is_unavailable() -> None:
    url = f"http://127.0.0.1:{closed_port()}/v1"
    with pytest.raises(RemoteUnavailable, match="is it running"):
        RemoteEngine(url, None, None)


def test_offline_refuses_before_it_connects() -> None:
    with pytest.raises(OfflineRefused):
        RemoteEngine("http://203.0.113.1:9/v1", None, None, offline=True)


def test_the_api_key_is_sent_and_a_wrong_one_is_named(server: ForeignServer) -> None:
    server.api_key = "right"
    RemoteEngine(server.base_url, None, "right")
    with pytest.raises(RemoteUnavailable, match="inference_server_api_key"):
        RemoteEngine(server.base_url, None, "wrong")


def test_a_proxy_is_not_used_for_this_machine(
    server: ForeignServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}")
    assert RemoteEngine(server.base_url, None, None).info.name == MODEL


async def test_sampling_reaches_the_server(server: ForeignServer) -> None:
    engine = RemoteEngine(server.base_url, None, None)
    await answer(
        engine,
        SamplingParams(
            max_new_tokens=7,
            temperature=0.5,
            top_p=0.9,
            top_k=4,
            repetition_penalty=1.1,
            min_new_tokens=2,
            seed=3,
            stop=("END",),
        ),
    )
    wanted = {
        "model": MODEL,
        "messages": [{"role": "user", "content": "Describe a library."}],
        "max_tokens": 7,
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 4,
        "repetition_penalty": 1.1,
        "min_tokens": 2,
        "seed": 3,
        "stop": ["END"],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert server.requests == [wanted]


@pytest.mark.parametrize(
    "sampling",
    [
        SamplingParams(top_k=3),
        SamplingParams(repetition_penalty=1.2),
        SamplingParams(min_new_tokens=3),
    ],
)
async def test_what_a_server_may_ignore_silently_is_refused(
    server: ForeignServer, sampling: SamplingParams
) -> None:
    server.owner = "somebody"
    engine = RemoteEngine(server.base_url, None, None)
    with pytest.raises(UnsupportedParameter, match="not known to honour"):
        await answer(engine, sampling)
    assert server.requests == []


async def test_without_tokenize_the_prompt_is_estimated_from_above(server: ForeignServer) -> None:
    server.tokenizes = False
    engine = RemoteEngine(server.base_url, None, None)
    assert await engine.count_tokens(QUESTION) == estimated_tokens(QUESTION) == 15
    _, finished = await answer(engine, SamplingParams(max_new_tokens=5))
    assert finished.usage.prompt_tokens == 5
    with pytest.raises(PromptTooLong, match="maximum context length"):
        await answer(engine, SamplingParams(max_new_tokens=CONTEXT))


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (400, {"error": {"message": "bad top_p"}}, UnsupportedParameter),
        (400, {"error": {"code": "context_length_exceeded"}}, PromptTooLong),
        (400, {"object": "error", "message": "maximum context length is 5"}, PromptTooLong),
        (401, {"error": "no"}, RemoteUnavailable),
        (404, {"detail": "no such model"}, ModelNotFound),
        (413, None, PromptTooLong),
        (418, ["odd"], GenerationFailed),
        (422, {"detail": [{"msg": "bad"}]}, UnsupportedParameter),
        (429, {"error": {"message": "slow down"}}, QueueFull),
        (500, {"error": {"message": "line one\nline two"}}, RemoteUnavailable),
        (503, "busy", RemoteUnavailable),
    ],
)
async def test_every_refusal_becomes_one_line_of_its_own_kind(
    server: ForeignServer, status: int, body: Any, expected: type[CarrelError]
) -> None:
    engine = RemoteEngine(server.base_url, None, None)
    server.failure = (status, body)
    with pytest.raises(CarrelError) as raised:
        await answer(engine, SamplingParams(max_new_tokens=5))
    assert type(raised.value) is expected
    assert f"HTTP {status}" in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ([TEXT], "broke off"),
        ([], "broke off"),
        ([TEXT, 'data: {"error": {"message": "out of memory"}}'], "out of memory"),
        (["data: {not json"], "not JSON"),
        (["data: [1]"], "not an object"),
        (['data: {"choices": 3}'], "unknown shape"),
    ],
)
async def test_a_broken_stream_is_a_generation_failure(
    server: ForeignServer, raw: list[str], expected: str
) -> None:
    engine = RemoteEngine(server.base_url, None, None)
    server.raw = raw
    with pytest.raises(GenerationFailed, match=expected):
        await answer(engine, SamplingParams(max_new_tokens=5))


@pytest.mark.parametrize("raw", [[TEXT, END], [TEXT, "data: [DONE]"], [": ping", TEXT, END]])
async def test_a_stream_without_usage_is_counted_by_its_events(
    server: ForeignServer, raw: list[str]
) -> None:
    engine = RemoteEngine(server.base_url, None, None)
    server.raw = raw
    text, finished = await answer(engine, SamplingParams(max_new_tokens=5))
    assert (text, finished.reason) == ("Hi", FinishReason.STOP)
    assert finished.usage.completion_tokens == 1


async def test_a_server_that_ignores_stop_strings_does_not_show_them(
    server: ForeignServer,
) -> None:
    engine = RemoteEngine(server.base_url, None, None)
    server.raw = [TEXT, TEXT, END]
    text, finished = await answer(engine, SamplingParams(max_new_tokens=5, stop=("iH",)))
    assert (text, finished.reason) == ("H", FinishReason.STOP)


async def test_the_whole_answer_comes_through(server: ForeignServer) -> None:
    engine = RemoteEngine(server.base_url, None, None)
    text, finished = await answer(engine, SamplingParams(max_new_tokens=290))
    assert (text, finished.reason) == (ANSWER, FinishReason.STOP)


@pytest.fixture(scope="module")
def serving(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RemoteEngine]:
    """The server of transformers, which somebody else wrote, over the tiny model."""
    with transformers_server(tiny_folder, tmp_path_factory.mktemp("serve")) as base_url:
        yield RemoteEngine(base_url, str(tiny_folder), None)


async def test_a_server_of_another_make_answers(serving: RemoteEngine) -> None:
    text, finished = await answer(serving, SamplingParams(max_new_tokens=12))
    assert text
    assert finished.reason is FinishReason.LENGTH
    assert finished.usage.completion_tokens == 12
    assert finished.usage.prompt_tokens > 5


async def test_a_server_of_another_make_stops_at_stop_strings(serving: RemoteEngine) -> None:
    text, _ = await answer(serving, SamplingParams(max_new_tokens=24))
    stop = text[len(text) // 2 :][:2]
    cut, finished = await answer(serving, SamplingParams(max_new_tokens=24, stop=(stop,)))
    assert cut == text[: text.index(stop)]
    assert finished.reason is FinishReason.STOP


async def test_a_server_of_another_make_answers_after_one_was_stopped(
    serving: RemoteEngine,
) -> None:
    text, _ = await answer(serving, SamplingParams(max_new_tokens=24))
    events = serving.generate(QUESTION, SamplingParams(max_new_tokens=150))
    await anext(events)
    await events.aclose()
    assert (await answer(serving, SamplingParams(max_new_tokens=24)))[0] == text


async def test_what_a_server_of_another_make_would_ignore_is_refused(
    serving: RemoteEngine,
) -> None:
    with pytest.raises(UnsupportedParameter, match="top_k"):
        await answer(serving, SamplingParams(top_k=3))


async def test_stopping_reaches_the_model_through_a_carrel_between(
    server: ForeignServer, carrel: CommandLine, tmp_path: Path
) -> None:
    server.pause = 0.02
    between = start_server(carrel, tmp_path / "log", f"--inference_server={server.base_url}")
    try:
        between.wait_until_ready()
        engine = RemoteEngine(f"{between.address}/v1", None, None)
        assert engine.info.name == MODEL
        assert await engine.count_tokens(QUESTION) == 5
        _, finished = await answer(engine, SamplingParams(max_new_tokens=5, min_new_tokens=2))
        assert server.requests[-1]["min_tokens"] == 2
        assert finished.usage.completion_tokens == 5
        before = server.words_written
        events = engine.generate(QUESTION, SamplingParams(max_new_tokens=200))
        await anext(events)
        await events.aclose()
        await asyncio.sleep(0.5)
        written = server.words_written - before
        await asyncio.sleep(0.5)
        assert server.words_written - before == written < 100
    finally:
        between.stop()


BEGUN = [*QUESTION, Message(Role.ASSISTANT, "A library", unfinished=True)]


async def test_a_server_that_can_is_asked_to_continue(server: ForeignServer) -> None:
    engine = RemoteEngine(server.base_url, None, None)
    assert engine.info.continues
    async with aclosing(engine.generate(BEGUN, SamplingParams(max_new_tokens=3))) as events:
        assert [event async for event in events]
    asked = server.requests[-1]
    assert asked["messages"][-1] == {"role": "assistant", "content": "A library"}
    assert (asked["continue_final_message"], asked["add_generation_prompt"]) == (True, False)


async def test_a_server_that_may_answer_again_is_not_asked(server: ForeignServer) -> None:
    server.owner = "library"
    engine = RemoteEngine(server.base_url, None, None)
    assert not engine.info.continues
    with pytest.raises(UnsupportedParameter, match="cannot continue an answer"):
        await anext(engine.generate(BEGUN, SamplingParams(max_new_tokens=3)))
    assert not server.requests
