"""JSON answers and log-probabilities, through an engine that has a model."""

from __future__ import annotations

import json
from contextlib import aclosing
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import torch

from carrel.core.chat import (
    EngineEvent,
    Finished,
    FinishReason,
    JsonFormat,
    Message,
    Role,
    SamplingParams,
    TextDelta,
    TokenLogprob,
)
from carrel.core.errors import InvalidRequest, UnsupportedParameter
from carrel.engine.loading.loader import load
from carrel.engine.sequential import SequentialEngine
from carrel.engine.spec import LoadedModel, ModelSpec
from carrel.engine.text.prompting import PromptBuilder
from carrel.settings.schema import PromptType
from repetitions import Repetitions

QUESTION = [Message(Role.USER, "Describe a person named Ann who lives in Rome, as JSON.")]
SCHEMAS: list[dict[str, Any]] = [
    {"enum": ["red", "grün", None]},
    {"const": 'é🦜\n"x\\'},
    {"type": "integer", "minimum": -7, "maximum": 1234},
    {"type": "string", "pattern": "^[A-Z]{2}-\\d{3}$"},
    {"anyOf": [{"type": "null"}, {"type": "boolean"}, {"type": "string", "maxLength": 5}]},
    {"type": "array", "items": {"type": "array", "items": {"type": "boolean"}, "maxItems": 2},
     "maxItems": 3},
    {"type": "object", "properties": {"name": {"type": "string", "maxLength": 12},
     "age": {"type": "integer", "minimum": 0, "maximum": 120},
     "tags": {"type": "array", "items": {"enum": ["a", "b"]}, "maxItems": 3}},
     "required": ["name", "age", "tags"], "additionalProperties": False},
    {"$defs": {"place": {"type": "object", "properties": {"city": {"type": "string",
     "maxLength": 8}}, "required": ["city"], "additionalProperties": False}},
     "type": "object", "properties": {"from": {"$ref": "#/$defs/place"},
     "to": {"$ref": "#/$defs/place"}}, "required": ["from", "to"], "additionalProperties": False},
    {"type": "string", "format": "date"},
    {"type": "number", "minimum": 0, "maximum": 1},
    {"prefixItems": [{"type": "integer", "maximum": 99, "minimum": 0}, {"const": "é"}],
     "items": False, "type": "array", "minItems": 2},
    {"type": "object"},
]  # fmt: skip


async def ask(
    engine: SequentialEngine, sampling: SamplingParams
) -> tuple[str, tuple[TokenLogprob, ...], Finished]:
    async with aclosing(engine.generate(QUESTION, sampling)) as stream:
        events: list[EngineEvent] = [each async for each in stream]
    deltas = [each for each in events if isinstance(each, TextDelta)]
    assert isinstance(events[-1], Finished)
    reported = tuple(token for each in deltas for token in each.logprobs)
    return "".join(each.text for each in deltas), reported, events[-1]


@pytest.fixture(scope="module")
def bundled(models_dir: Path) -> SequentialEngine:
    return SequentialEngine(load(ModelSpec(models_dir=models_dir)))


async def validated(engine: SequentialEngine, tokens: int, seeds: int) -> float:
    """Ask for every schema, greedily and at random, and return which part of them finished."""
    ways = [(0.0, None), *((1.0, seed + 1) for seed in range(seeds))]
    finished = 0
    for schema in SCHEMAS:
        for temperature, seed in ways:
            sampling = SamplingParams(
                max_new_tokens=tokens,
                temperature=temperature,
                seed=seed,
                response_format=JsonFormat(schema),
            )
            text, _, end = await ask(engine, sampling)
            if end.reason is FinishReason.STOP:
                finished += 1
                jsonschema.Draft202012Validator(schema).validate(json.loads(text))
            else:
                assert end.reason is FinishReason.LENGTH
                assert end.usage.completion_tokens == tokens
    return finished / (len(SCHEMAS) * len(ways))


async def test_every_finished_answer_of_the_bundled_model_validates(
    bundled: SequentialEngine, repetitions: Repetitions
) -> None:
    assert await validated(bundled, 60, repetitions(1, thorough=2)) > 2 / 3


async def test_every_finished_answer_of_random_weights_validates(tiny: LoadedModel) -> None:
    assert await validated(SequentialEngine(tiny), 90, 2) > 1 / 3


async def test_a_cut_answer_ends_with_length(bundled: SequentialEngine) -> None:
    sampling = SamplingParams(max_new_tokens=4, response_format=JsonFormat(SCHEMAS[6]))
    text, _, end = await ask(bundled, sampling)
    assert (end.reason, end.usage.completion_tokens) == (FinishReason.LENGTH, 4)
    assert text.startswith("{")


async def test_a_prompt_forms_stop_strings_do_not_cut_json(tiny_folder: Path) -> None:
    spec = ModelSpec(base_model=str(tiny_folder), prompt_type=PromptType.HUMAN_BOT)
    engine = SequentialEngine(load(spec))
    wanted = JsonFormat({"const": "<human>: x <bot>:"})
    text, _, end = await ask(engine, SamplingParams(max_new_tokens=90, response_format=wanted))
    assert (json.loads(text), end.reason) == ("<human>: x <bot>:", FinishReason.STOP)


@pytest.mark.parametrize("option", [{"stop": ("x",)}, {"min_new_tokens": 5}])
async def test_what_would_end_json_elsewhere_is_refused(
    tiny: LoadedModel, option: dict[str, Any]
) -> None:
    sampling = SamplingParams(response_format=JsonFormat(), **option)
    with pytest.raises(UnsupportedParameter, match=next(iter(option))):
        await ask(SequentialEngine(tiny), sampling)


async def test_a_bad_schema_is_refused_before_anything_is_written(tiny: LoadedModel) -> None:
    with pytest.raises(InvalidRequest, match="foo"):
        sampling = SamplingParams(response_format=JsonFormat({"type": "foo"}))
        await ask(SequentialEngine(tiny), sampling)


@pytest.mark.parametrize("number", [-1, 21])
async def test_a_number_of_log_probabilities_out_of_bounds_is_refused(
    tiny: LoadedModel, number: int
) -> None:
    with pytest.raises(InvalidRequest, match="top_logprobs"):
        await ask(SequentialEngine(tiny), SamplingParams(top_logprobs=number))


@pytest.mark.parametrize("penalty", [1.0, 1.4])
async def test_log_probabilities_are_the_models_own(tiny: LoadedModel, penalty: float) -> None:
    sampling = SamplingParams(
        max_new_tokens=12, temperature=0.9, seed=3, repetition_penalty=penalty, top_k=30,
        top_logprobs=2,
    )  # fmt: skip
    plain, none, _ = await ask(
        SequentialEngine(tiny),
        SamplingParams(
            max_new_tokens=12, temperature=0.9, seed=3, repetition_penalty=penalty, top_k=30
        ),
    )
    text, reported, end = await ask(SequentialEngine(tiny), sampling)
    assert (plain, none) == (text, ())
    assert len(reported) == end.usage.completion_tokens
    prompt = PromptBuilder(tiny.tokenizer, tiny.prompt_type).encode(QUESTION)
    with torch.inference_mode():
        row = tiny.model(torch.tensor([prompt])).logits[0, -1]
    best = torch.log_softmax(row, -1).topk(2).values.tolist()
    assert [each.logprob for each in reported[0].alternatives] == pytest.approx(best, abs=1e-4)


async def test_json_has_the_log_probabilities_that_the_model_gave_freely(
    tiny: LoadedModel,
) -> None:
    engine = SequentialEngine(tiny)
    free = SamplingParams(max_new_tokens=1, top_logprobs=3)
    kept = SamplingParams(
        max_new_tokens=8, top_logprobs=3, response_format=JsonFormat({"const": "ab"})
    )
    _, freely, _ = await ask(engine, free)
    text, reported, end = await ask(engine, kept)
    assert (text, end.reason) == ('"ab"', FinishReason.STOP)
    assert reported[0].alternatives == freely[0].alternatives
    assert reported[0].logprob <= freely[0].logprob
    assert b"".join(token.content for token in reported) == b'"ab"'
