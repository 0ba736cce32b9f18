"""Continuing an answer, as requested by the official openai package."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import openai
import pytest

from carrel.engine.scripted import ScriptedEngine
from running.live_server import LiveServer

TEXT = "The ferry has two engines. It was built in Oslo."
QUESTION = {"role": "user", "content": "What has the ferry?"}
CONTINUE = {"continue_final_message": True, "add_generation_prompt": False}


@pytest.fixture
def sdk(start: Callable[..., LiveServer]) -> Iterator[openai.OpenAI]:
    live = start(ScriptedEngine([TEXT], name="m"))
    with (
        httpx.Client(trust_env=False) as http,
        openai.OpenAI(
            base_url=f"{live.address}/v1", api_key="any", http_client=http, max_retries=0
        ) as client,
    ):
        yield client


def ask(sdk: openai.OpenAI, *begun: str, **options: Any) -> Any:
    messages: list[Any] = [QUESTION, *({"role": "assistant", "content": each} for each in begun)]
    return sdk.chat.completions.create(model="m", messages=messages, **options)


def test_the_last_message_is_continued(sdk: openai.OpenAI) -> None:
    first = ask(sdk, max_tokens=4).choices[0]
    assert first.finish_reason == "length"
    rest = ask(sdk, first.message.content, extra_body=CONTINUE).choices[0]
    assert first.message.content + rest.message.content == TEXT
    assert rest.finish_reason == "stop"


def test_the_continuation_is_streamed(sdk: openai.OpenAI) -> None:
    chunks = ask(sdk, "The ferry has", extra_body=CONTINUE, stream=True)
    text = "".join(each.choices[0].delta.content or "" for each in chunks)
    assert text == TEXT.removeprefix("The ferry has")


def test_without_the_options_the_last_message_must_be_the_users(sdk: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="must be the user's question"):
        ask(sdk, "The ferry has")


@pytest.mark.parametrize(
    ("begun", "options", "problem"),
    [
        ([], CONTINUE, "behind the question"),
        (["A"], CONTINUE | {"add_generation_prompt": True}, "needs add_generation_prompt=false"),
        (["A"], {"add_generation_prompt": False}, "belongs to continue_final_message=true"),
        (["{"], CONTINUE | {"response_format": {"type": "json_object"}}, "response_format"),
    ],
)
def test_what_cannot_be_continued_is_refused(
    sdk: openai.OpenAI, begun: list[str], options: dict[str, Any], problem: str
) -> None:
    with pytest.raises(openai.BadRequestError, match=problem):
        ask(sdk, *begun, extra_body=options)


def test_add_generation_prompt_may_be_left_out(sdk: openai.OpenAI) -> None:
    reply = ask(sdk, "The ferry", extra_body={"continue_final_message": True})
    assert reply.choices[0].message.content == TEXT.removeprefix("The ferry")


def test_the_tokens_of_a_continued_prompt_are_counted(sdk: openai.OpenAI) -> None:
    messages = [QUESTION, {"role": "assistant", "content": "The ferry"}]

    def count(**options: Any) -> httpx.Response:
        body = {"messages": messages, **options}
        return sdk.post("/tokenize", cast_to=httpx.Response, body=body)

    assert count(**CONTINUE).json()["count"] == count().json()["count"]
    with pytest.raises(openai.BadRequestError, match="belongs to"):
        count(add_generation_prompt=False)
