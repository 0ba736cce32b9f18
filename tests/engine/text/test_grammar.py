from __future__ import annotations

import json
import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jsonschema
import pytest
import torch

from carrel.core.chat import JsonFormat
from carrel.core.errors import GenerationFailed, InvalidRequest, UnsupportedParameter
from carrel.engine.text.grammar import MOST_COMPILED, GrammarCompiler, GrammarMatcher
from tiny.metaspace_tokenizer import metaspace_tokenizer
from tiny.model import tiny_tokenizer

SCHEMAS: dict[str, dict[str, Any]] = {
    "object": {"type": "object"},
    "enum": {"enum": ["red", "grün", 3, None, {"a": [1]}]},
    "const": {"const": 'é🦜\n"x\\'},
    "nested arrays": {
        "type": "array",
        "items": {"type": "array", "items": {"type": "integer"}, "maxItems": 2},
        "minItems": 1,
        "maxItems": 3,
    },
    "integer bounds": {"type": "integer", "minimum": -7, "exclusiveMaximum": 1234},
    "number": {"type": "number", "minimum": 0.5, "maximum": 3.25},
    "multiple": {"type": "integer", "multipleOf": 7, "minimum": 5},
    "short string": {"type": "string", "minLength": 1, "maxLength": 4},
    "pattern": {"type": "string", "pattern": "^[A-Z]{2}-\\d{3}$"},
    "date": {"type": "string", "format": "date-time"},
    "any of": {"anyOf": [{"type": "null"}, {"type": "boolean"}, {"type": "string"}]},
    "closed object": {
        "type": "object",
        "properties": {
            "name": {"type": "string", "maxLength": 12},
            "age": {"type": "integer", "minimum": 0, "maximum": 120},
            "tags": {"type": "array", "items": {"enum": ["a", "b"]}, "maxItems": 3},
        },
        "required": ["name", "tags"],
        "additionalProperties": False,
    },
    "open object": {
        "type": "object",
        "properties": {"a": {"type": "integer"}},
        "patternProperties": {"^b": {"type": "null"}},
        "additionalProperties": {"type": "string", "maxLength": 3},
    },
    "recursive": {
        "$defs": {
            "node": {
                "type": "object",
                "properties": {
                    "value": {"type": "integer"},
                    "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
                },
                "required": ["value", "next"],
            }
        },
        "$ref": "#/$defs/node",
    },
    "all of": {
        "type": "object",
        "allOf": [
            {"properties": {"a": {"type": "integer"}}, "required": ["a"]},
            {"properties": {"b": {"type": "string"}}, "required": ["b"]},
        ],
    },
    "tuple": {"prefixItems": [{"type": "integer"}, {"type": "string"}], "items": False},
}
CLOSING = tuple('"}]0123456789,:.-TZ')


@pytest.fixture(scope="module")
def compiler() -> GrammarCompiler:
    tokenizer = tiny_tokenizer()
    return GrammarCompiler(tokenizer, len(tokenizer), [tokenizer.eos_token_id])


def allowed(matcher: GrammarMatcher, size: int) -> list[int]:
    row = torch.zeros(1, size)
    matcher.mask(row)
    return (row[0] == 0).nonzero().flatten().tolist()


def wander(compiler: GrammarCompiler, tokenizer: Any, schema: JsonFormat, seed: int) -> str | None:
    """Write at random what the grammar allows, and return it if it comes to an end."""
    chance = random.Random(seed)
    matcher = compiler.compile(schema).matcher()
    written: list[int] = []
    for _ in range(150):
        ids = allowed(matcher, len(tokenizer))
        others = [each for each in ids if each != tokenizer.eos_token_id]
        if len(others) < len(ids) and (not others or chance.random() < 0.4):
            return str(tokenizer.decode(written))
        closing = [each for each in others if tokenizer.decode([each]).endswith(CLOSING)]
        chosen = chance.choice(closing if closing and chance.random() < 0.5 else others)
        matcher.accept(chosen)
        written.append(chosen)
        if matcher.finished:
            return str(tokenizer.decode(written))
    return None


@pytest.mark.parametrize("name", SCHEMAS)
def test_whatever_the_grammar_lets_end_validates(compiler: GrammarCompiler, name: str) -> None:
    tokenizer = tiny_tokenizer()
    check = jsonschema.Draft202012Validator(SCHEMAS[name])
    ends = [wander(compiler, tokenizer, JsonFormat(SCHEMAS[name]), seed) for seed in range(25)]
    finished = [text for text in ends if text is not None]
    assert len(finished) > 3
    for text in finished:
        check.validate(json.loads(text))


@pytest.mark.parametrize("name", ["closed object", "const", "any of"])
def test_sentencepiece_vocabularies_are_masked_too(name: str) -> None:
    tokenizer = metaspace_tokenizer()
    compiler = GrammarCompiler(tokenizer, len(tokenizer), [tokenizer.eos_token_id])
    check = jsonschema.Draft202012Validator(SCHEMAS[name])
    ends = [wander(compiler, tokenizer, JsonFormat(SCHEMAS[name]), seed) for seed in range(25)]
    finished = [text for text in ends if text is not None]
    assert finished
    for text in finished:
        check.validate(json.loads(text))


def test_without_a_schema_an_answer_is_an_object(compiler: GrammarCompiler) -> None:
    tokenizer = tiny_tokenizer()
    ends = [wander(compiler, tokenizer, JsonFormat(), seed) for seed in range(25)]
    assert all(isinstance(json.loads(text), dict) for text in ends if text is not None)


def accepts(compiler: GrammarCompiler, schema: dict[str, Any], text: str) -> bool:
    matcher = compiler.compile(JsonFormat(schema)).matcher()
    ids = tiny_tokenizer().encode(text, add_special_tokens=False)
    try:
        for each in ids:
            matcher.accept(each)
    except GenerationFailed:
        return False
    return True


def test_white_space_is_limited(compiler: GrammarCompiler) -> None:
    schema = SCHEMAS["nested arrays"]
    assert accepts(compiler, schema, "[[1, 2],\n    [3]\n]")
    assert not accepts(compiler, schema, "[ " + " " * 40)
    assert not accepts(compiler, schema, "[\n\n")
    assert not accepts(compiler, schema, " [")


def test_the_end_token_is_allowed_where_the_answer_is_complete(compiler: GrammarCompiler) -> None:
    tokenizer = tiny_tokenizer()
    matcher = compiler.compile(JsonFormat({"type": "integer"})).matcher()
    end = tokenizer.eos_token_id
    assert end not in allowed(matcher, len(tokenizer))
    for each in tokenizer.encode("12", add_special_tokens=False):
        matcher.accept(each)
    assert end in allowed(matcher, len(tokenizer))
    assert not matcher.finished
    matcher.accept(end)


def test_nothing_may_follow_a_finished_answer(compiler: GrammarCompiler) -> None:
    tokenizer = tiny_tokenizer()
    matcher = compiler.compile(JsonFormat(SCHEMAS["closed object"])).matcher()
    for each in tokenizer.encode('{"name": "x", "tags": []}', add_special_tokens=False):
        assert not matcher.finished
        matcher.accept(each)
    assert matcher.finished
    assert allowed(matcher, len(tokenizer)) == [tokenizer.eos_token_id]


def test_a_token_that_may_not_follow_is_an_error(compiler: GrammarCompiler) -> None:
    matcher = compiler.compile(JsonFormat(SCHEMAS["tuple"])).matcher()
    with pytest.raises(GenerationFailed, match="response_format"):
        matcher.accept(tiny_tokenizer().encode("}", add_special_tokens=False)[0])


def test_rows_longer_and_shorter_than_the_vocabulary_are_masked(compiler: GrammarCompiler) -> None:
    matcher = compiler.compile(JsonFormat()).matcher()
    size = len(tiny_tokenizer())
    assert allowed(matcher, size + 60_000) == allowed(matcher, size)
    assert allowed(matcher, 100) == [each for each in allowed(matcher, size) if each < 100]
    flat = torch.zeros(size)
    matcher.mask(flat)
    assert torch.isinf(flat).any()


def test_a_model_without_an_end_token_finishes_all_the_same() -> None:
    tokenizer = tiny_tokenizer()
    compiler = GrammarCompiler(tokenizer, len(tokenizer), [])
    matcher = compiler.compile(JsonFormat({"const": "x"})).matcher()
    for each in tokenizer.encode('"x"', add_special_tokens=False):
        matcher.accept(each)
    assert matcher.finished


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"not": {"type": "string"}}, "not"),
        ({"type": "array", "uniqueItems": True}, "uniqueItems"),
        ({"type": "array", "contains": {}}, "contains"),
        ({"if": {}, "then": {}}, "if"),
        ({"dependentRequired": {"a": ["b"]}}, "dependentRequired"),
        ({"type": "string", "format": "zip"}, "zip"),
        ({"type": "string", "pattern": "(?=a)b"}, "pattern"),
        ({"minProperties": 2}, "minProperties"),
        ({"type": "array", "items": [{}]}, "items"),
        ({"properties": {"a": {"multipleOf": 99991}}}, "multipleOf"),
        ({"allOf": [{"multipleOf": p} for p in (97, 101, 103)]}, "multipleOf"),
        ({"enum": [2**60]}, "enum"),
        ({"x-guidance": {"lenient": True}, "not": {}}, "x-guidance"),
        ({"oneOf": [{"type": "integer"}, {"type": "number"}]}, "oneOf"),
    ],
)
def test_what_cannot_be_kept_to_is_refused_by_name(
    compiler: GrammarCompiler, schema: dict[str, Any], said: str
) -> None:
    with pytest.raises(UnsupportedParameter, match=said) as raised:
        compiler.compile(JsonFormat(schema))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "foo"}, "foo"),
        ({"required": True}, "required"),
        ({"type": "integer", "minimum": 5, "maximum": 3}, "minimum"),
        ({"enum": []}, "empty"),
        ({"$ref": "#"}, "no value"),
        ({"$ref": "#/$defs/missing"}, "missing"),
        ({"$ref": "http://localhost:1/schema.json"}, "localhost"),
        ({"$ref": "file:///etc/hostname"}, "hostname"),
        ({"pattern": "("}, "pattern"),
        ({"default": float("nan")}, "JSON"),
        ({"enum": [{1, 2}]}, "JSON"),
        ({"description": "x" * 70_000}, "60000"),
    ],
)
def test_bad_schemas_are_refused_in_one_line(
    compiler: GrammarCompiler, schema: dict[str, Any], said: str
) -> None:
    with pytest.raises(InvalidRequest, match=said) as raised:
        compiler.compile(JsonFormat(schema))
    assert not isinstance(raised.value, UnsupportedParameter)
    assert "\n" not in str(raised.value)


def test_a_schema_nested_without_end_is_refused(compiler: GrammarCompiler) -> None:
    schema: dict[str, Any] = {}
    for _ in range(5000):
        schema = {"items": schema}
    with pytest.raises(InvalidRequest):
        compiler.compile(JsonFormat(schema))


def alternatives(place: int) -> dict[str, Any]:
    names = [f"k{place}_{each}" for each in range(10)]
    return {"anyOf": [{"properties": {name: {}}, "required": [name]} for name in names]}


@pytest.mark.parametrize(
    "schema",
    [
        {"allOf": [alternatives(place) for place in range(8)]},
        {"allOf": [{"type": "string", "pattern": f".*{each}.{{12}}"} for each in "abcdefgh"]},
    ],
)
def test_schemas_that_would_explode_are_refused(
    compiler: GrammarCompiler, schema: dict[str, Any]
) -> None:
    with pytest.raises(UnsupportedParameter):
        compiler.compile(JsonFormat(schema))


def test_many_optional_properties_can_be_written(compiler: GrammarCompiler) -> None:
    schema = {"properties": {f"p{each}": {"type": "null"} for each in range(800)}}
    assert accepts(compiler, schema, '{"p3": null, "p790": null}')
    assert not accepts(compiler, schema, '{"p790": 1')


def test_property_names_may_be_keywords(compiler: GrammarCompiler) -> None:
    schema = {"properties": {"x-guidance": {"type": "null"}, "minProperties": {"const": 5}}}
    assert accepts(compiler, schema, '{"x-guidance": null, "minProperties": 5}')


def test_a_compiled_schema_is_kept_and_the_oldest_ones_go(compiler: GrammarCompiler) -> None:
    first = compiler.compile(JsonFormat({"const": "kept"}))
    assert compiler.compile(JsonFormat({"const": "kept"})) is first
    for number in range(MOST_COMPILED):
        compiler.compile(JsonFormat({"const": number}))
    assert compiler.compile(JsonFormat({"const": "kept"})) is not first


def test_threads_may_compile_and_match_at_once() -> None:
    tokenizer = tiny_tokenizer()
    compiler = GrammarCompiler(tokenizer, len(tokenizer), [tokenizer.eos_token_id])
    schema = JsonFormat(SCHEMAS["closed object"])
    with ThreadPoolExecutor(4) as pool:
        texts = list(pool.map(lambda seed: wander(compiler, tokenizer, schema, seed), range(12)))
    assert texts == [wander(compiler, tokenizer, schema, seed) for seed in range(12)]
