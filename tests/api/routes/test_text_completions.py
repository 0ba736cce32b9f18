"""Completions without a chat template, by the bundled model and the scripted engine."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import openai
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from carrel.engine.loading.bundled import bundled_model
from carrel.engine.scripted import ScriptedEngine
from error_bodies import error_of
from running.live_server import FailingEngine, LiveServer, live_server, settings_in

PROMPT = "The capital of France is"
GREEDY = {"temperature": 0, "max_tokens": 8}


@pytest.fixture(scope="module")
def bundled(models_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server of the bundled model in the precision in which transformers is asked here."""
    flags = {"engine": "continuous", "dtype": "float32", "models_dir": models_dir}
    with live_server(settings_in(tmp_path_factory.mktemp("bundled"), **flags)) as live:
        yield live


@pytest.fixture(scope="module")
def expected(models_dir: Path) -> tuple[list[int], str]:
    """What the model is given and what it writes, by transformers itself."""
    folder = bundled_model(models_dir)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    given = tokenizer(PROMPT, return_tensors="pt")
    written = model.generate(**given, max_new_tokens=GREEDY["max_tokens"], do_sample=False)
    start = given["input_ids"].shape[1]
    text = tokenizer.decode(written[0][start:], skip_special_tokens=True)
    return given["input_ids"][0].tolist(), text


@pytest.fixture
def sdk(bundled: LiveServer) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{bundled.address}/v1", api_key="none", max_retries=0) as client:
        yield client


def test_a_prompt_continues_as_in_transformers(
    sdk: openai.OpenAI, expected: tuple[list[int], str]
) -> None:
    ids, text = expected
    reply = sdk.completions.create(model="SmolLM2-135M-Instruct", prompt=PROMPT, **GREEDY)
    (choice,) = reply.choices
    assert (choice.text, choice.finish_reason) == (text, "length")
    assert reply.usage is not None
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens) == (len(ids), 8)


def test_token_ids_and_several_prompts_are_answered_in_order(
    sdk: openai.OpenAI, expected: tuple[list[int], str]
) -> None:
    ids, text = expected
    name = "SmolLM2-135M-Instruct"
    by_ids = sdk.completions.create(model=name, prompt=[ids, ids[:2]], n=2, **GREEDY)
    assert [each.index for each in by_ids.choices] == [0, 1, 2, 3]
    assert [each.text for each in by_ids.choices[:2]] == [text, text]
    assert by_ids.choices[2].text != text
    assert by_ids.usage is not None
    assert (by_ids.usage.prompt_tokens, by_ids.usage.completion_tokens) == (len(ids) + 2, 32)


def test_seeds_make_several_continuations_differ_and_repeat(sdk: openai.OpenAI) -> None:
    def texts() -> list[str]:
        reply = sdk.completions.create(
            model="SmolLM2-135M-Instruct", prompt=PROMPT, n=3, temperature=1.0, seed=7, max_tokens=8
        )
        return [each.text for each in reply.choices]

    assert texts() == texts()
    assert len(set(texts())) == 3


def test_log_probabilities_have_the_old_shape(
    sdk: openai.OpenAI, expected: tuple[list[int], str]
) -> None:
    reply = sdk.completions.create(
        model="SmolLM2-135M-Instruct", prompt=PROMPT, logprobs=2, **GREEDY
    )
    logprobs = reply.choices[0].logprobs
    assert (
        logprobs is not None and logprobs.tokens and logprobs.text_offset and logprobs.top_logprobs
    )
    assert "".join(logprobs.tokens) == reply.choices[0].text == expected[1]
    offsets = zip(logprobs.text_offset, logprobs.tokens, strict=True)
    assert all(expected[1][at:].startswith(token) for at, token in offsets)
    assert logprobs.token_logprobs is not None
    for token, logprob, top in zip(
        logprobs.tokens, logprobs.token_logprobs, logprobs.top_logprobs, strict=True
    ):
        assert len(top) == 2
        assert max(top.values()) == pytest.approx(logprob, abs=1e-5)
        assert token in top


def test_a_stream_holds_the_same_text_and_ends_with_usage(
    sdk: openai.OpenAI, expected: tuple[list[int], str]
) -> None:
    chunks = list(
        sdk.completions.create(
            model="SmolLM2-135M-Instruct",
            prompt=PROMPT,
            echo=True,
            stream=True,
            stream_options={"include_usage": True},
            **GREEDY,
        )
    )
    texts = [choice.text for chunk in chunks for choice in chunk.choices]
    assert "".join(texts) == PROMPT + expected[1]
    assert len(texts) > 2
    assert chunks[-2].choices[0].finish_reason == "length"
    assert chunks[-1].choices == [] and chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 8


def test_a_prompt_without_a_template_is_what_the_scripted_engine_gets(http: httpx.Client) -> None:
    reply = http.post("/v1/completions", json={"prompt": "Once", "echo": True}).json()
    assert reply["object"] == "text_completion"
    assert reply["choices"][0]["text"] == "OnceYou asked: Once"


def test_stop_texts_end_it(start: Callable[..., LiveServer]) -> None:
    live = start(ScriptedEngine(["one two three"]))
    with live.client() as http:
        body = {"prompt": "count", "stop": " three", "max_tokens": 100}
        (choice,) = http.post("/v1/completions", json=body).json()["choices"]
    assert (choice["text"], choice["finish_reason"]) == ("one two", "stop")


def test_a_stream_that_fails_in_the_middle_ends_with_an_error(
    start: Callable[..., LiveServer],
) -> None:
    live = start(FailingEngine(2))
    with live.client() as http:
        text = http.post("/v1/completions", json={"prompt": "a", "stream": True}).text
    *_, last = [line for line in text.splitlines() if line]
    assert json.loads(last.removeprefix("data: "))["error"]["code"] == "generation_failed"


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        ({}, "invalid_request", "'prompt' is missing"),
        ({"prompt": "a", "suffix": "b"}, "unsupported_parameter", "'suffix'"),
        ({"prompt": "a", "best_of": 3}, "unsupported_parameter", "'best_of'"),
        ({"prompt": "a", "echo": True, "logprobs": 1}, "unsupported_parameter", "echo"),
        ({"prompt": [1], "echo": True}, "unsupported_parameter", "'echo'"),
        ({"prompt": [1]}, "unsupported_parameter", "has no token ids"),
        ({"prompt": "a", "presence_penalty": 1.0}, "unsupported_parameter", "'presence_penalty'"),
        ({"prompt": ["a"] * 65, "n": 2}, "invalid_request", "more than 128"),
        ({"prompt": "a", "max_tokens": 0}, "invalid_request", "max_tokens"),
        ({"prompt": "a", "stream_options": {}}, "invalid_request", "stream=true"),
        ({"prompt": "a", "model": "other"}, "model_not_found", "other"),
    ],
)
def test_what_cannot_be_honoured_is_refused_by_name(
    http: httpx.Client, body: dict[str, object], code: str, said: str
) -> None:
    error = error_of(http.post("/v1/completions", json=body))
    assert error["code"] == code
    assert said in error["message"]


@pytest.mark.parametrize(("prompt", "said"), [("", "is empty"), ([10**6], "go from 0 to")])
def test_a_prompt_without_a_token_is_refused(
    bundled: LiveServer, prompt: object, said: str
) -> None:
    with bundled.client() as http:
        error = error_of(http.post("/v1/completions", json={"prompt": prompt}))
    assert error["code"] == "invalid_request"
    assert said in error["message"]
