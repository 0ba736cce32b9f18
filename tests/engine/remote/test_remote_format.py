from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from carrel.core.chat import (
    Finished,
    FinishReason,
    JsonFormat,
    Message,
    Role,
    SamplingParams,
    TextDelta,
    TokenLogprob,
)
from carrel.core.errors import GenerationFailed, UnsupportedParameter
from carrel.engine.remote.engine import RemoteEngine
from carrel.engine.sequential import SequentialEngine
from carrel.engine.spec import LoadedModel
from running.live_server import live_server, pool_of, settings_in
from stand_ins.openai_server import ForeignServer, foreign_server

QUESTION = [Message(Role.USER, "Describe a library.")]
OBJECT = SamplingParams(max_new_tokens=50, response_format=JsonFormat())


@pytest.fixture
def server() -> Iterator[ForeignServer]:
    with foreign_server() as running:
        yield running


def chunk(text: str, tokens: list[Any] | None = None) -> str:
    choice = {"delta": {"content": text}, "logprobs": tokens and {"content": tokens}}
    return f"data: {json.dumps({'choices': [choice]})}"


def end(reason: str = "stop") -> list[str]:
    choice = {"delta": {}, "finish_reason": reason}
    return [f"data: {json.dumps({'choices': [choice]})}", "data: [DONE]"]


def token(text: str, **fields: Any) -> dict[str, Any]:
    entry = {"token": text, "logprob": -0.5, "bytes": list(text.encode()), "top_logprobs": []}
    return {**entry, **fields}


async def ask(
    engine: Any, sampling: SamplingParams
) -> tuple[str, list[TokenLogprob], Finished, list[TextDelta]]:
    async with aclosing(engine.generate(QUESTION, sampling)) as stream:
        events = [each async for each in stream]
    deltas = [each for each in events if isinstance(each, TextDelta)]
    assert isinstance(events[-1], Finished)
    reported = [token for each in deltas for token in each.logprobs]
    return "".join(each.text for each in deltas), reported, events[-1], deltas


async def test_the_server_is_asked_in_openais_shape(server: ForeignServer) -> None:
    server.raw = [chunk('{"a": 1}', [token('{"a": 1}')]), *end()]
    engine = RemoteEngine(server.base_url, None, None)
    schema = {"type": "object"}
    await ask(engine, SamplingParams(response_format=JsonFormat(schema), top_logprobs=2))
    await ask(engine, SamplingParams(response_format=JsonFormat()))
    first, second = server.requests
    assert first["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": schema, "strict": True},
    }
    assert (first["logprobs"], first["top_logprobs"]) == (True, 2)
    assert second["response_format"] == {"type": "json_object"}
    assert "logprobs" not in second


async def test_reportedare_read_from_the_stream(server: ForeignServer) -> None:
    other = {"token": "<end>", "logprob": -3, "bytes": None}
    server.raw = [
        chunk("", [token("\ufffd", bytes=[195])]),
        chunk("é", [token("\ufffd", bytes=[169], top_logprobs=[other])]),
        chunk("b", [token("b", bytes=None)]),
        *end(),
    ]
    engine = RemoteEngine(server.base_url, None, None)
    text, reported, _, _ = await ask(engine, SamplingParams(top_logprobs=1))
    assert (text, b"".join(each.content for each in reported)) == ("éb", "éb".encode())
    assert reported[1].alternatives == (TokenLogprob("<end>", b"<end>", -3.0),)


async def test_reportedbehind_a_stop_string_are_not_reported(server: ForeignServer) -> None:
    server.raw = [chunk(each, [token(each)]) for each in ("a", "b", "c", "d")] + end()
    engine = RemoteEngine(server.base_url, None, None)
    text, reported, _, deltas = await ask(engine, SamplingParams(top_logprobs=0, stop=("cd",)))
    assert (text, [each.text for each in reported]) == ("ab", ["a", "b"])
    assert [each.text for each in deltas] == ["a", "b"]


async def test_a_server_without_log_probabilities_is_refused_before_the_text(
    server: ForeignServer,
) -> None:
    engine = RemoteEngine(server.base_url, None, None)
    events = engine.generate(QUESTION, SamplingParams(top_logprobs=0))
    with pytest.raises(UnsupportedParameter, match="top_logprobs"):
        await anext(events)


async def test_a_server_that_answers_with_prose_is_refused_before_the_text(
    server: ForeignServer,
) -> None:
    server.raw = [chunk("\n"), chunk("Sure: {}"), *end()]
    engine = RemoteEngine(server.base_url, None, None)
    with pytest.raises(UnsupportedParameter, match="response_format"):
        await ask(engine, OBJECT)


@pytest.mark.parametrize(
    ("text", "problem"), [('{"a": 1} as asked', "not JSON"), ("[1]", "not a JSON object")]
)
async def test_an_answer_that_is_not_the_json_asked_for_fails(
    server: ForeignServer, text: str, problem: str
) -> None:
    server.raw = [chunk(text), *end()]
    with pytest.raises(GenerationFailed, match=problem):
        await ask(RemoteEngine(server.base_url, None, None), OBJECT)


async def test_a_cut_answer_is_not_checked(server: ForeignServer) -> None:
    server.raw = [chunk('{"a": '), *end("length")]
    text, _, finished, _ = await ask(RemoteEngine(server.base_url, None, None), OBJECT)
    assert (text, finished.reason) == ('{"a": ', FinishReason.LENGTH)


async def test_another_carrel_answers_as_its_engine_does(tiny: LoadedModel, tmp_path: Path) -> None:
    engine = SequentialEngine(tiny)
    sampling = SamplingParams(
        max_new_tokens=40, top_logprobs=2, response_format=JsonFormat({"enum": ["grün", 7]})
    )
    text, reported, _, _ = await ask(engine, sampling)
    with live_server(settings_in(tmp_path), pool_of(engine)) as live:
        remote = RemoteEngine(f"{live.address}/v1", None, None)
        far_text, far_tokens, finished, _ = await ask(remote, sampling)
    assert (far_text, finished.reason) == (text, FinishReason.STOP)
    assert [each.content for each in far_tokens] == [each.content for each in reported]
    assert [each.logprob for each in far_tokens] == pytest.approx(
        [each.logprob for each in reported]
    )
