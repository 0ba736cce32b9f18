"""The body of a chat request knows every option of OpenAI's and honors or refuses it."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from openai.types.chat import completion_create_params as openai_params
from pydantic import ValidationError

from carrel.schemas.chat import ChatBody, RefusedOptions

MESSAGES = [{"role": "user", "content": "Why?"}]
EXTENSIONS = {
    *("documents", "top_k", "repetition_penalty", "min_tokens", "max_time"),
    *("continue_final_message", "add_generation_prompt"),
}


def problem(**fields: Any) -> tuple[str, str]:
    """Return the type and the place of the one problem of a body."""
    with pytest.raises(ValidationError) as raised:
        ChatBody.model_validate({"messages": MESSAGES, **fields})
    (first,) = raised.value.errors()
    return first["type"], ".".join(str(each) for each in first["loc"])


def test_every_option_of_the_openai_package_is_known() -> None:
    known = {
        name
        for each in get_args(openai_params.CompletionCreateParams)
        for name in each.__annotations__
    } | set(openai_params.CompletionCreateParamsBase.__annotations__)
    assert set(ChatBody.model_fields) == known | EXTENSIONS


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("frequency_penalty", 0.5),
        ("presence_penalty", -1),
        ("logit_bias", {"50256": -100}),
        ("functions", [{"name": "f"}]),
        ("function_call", {"name": "f"}),
        ("modalities", ["text", "audio"]),
        ("audio", {"voice": "alloy"}),
        ("prediction", {"type": "content"}),
        ("reasoning_effort", "high"),
        ("verbosity", "low"),
        ("service_tier", "priority"),
        ("store", True),
        ("metadata", {"a": "b"}),
        ("web_search_options", {}),
    ],
)
def test_an_option_that_cannot_be_honored_is_refused_by_its_name(option: str, value: Any) -> None:
    assert problem(**{option: value}) == ("unsupported_parameter", option)


def test_no_refused_option_lacks_a_refused_value() -> None:
    for option in RefusedOptions.model_fields:
        assert problem(**{option: object()}) == ("unsupported_parameter", option)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("n", 1),
        ("frequency_penalty", 0),
        ("presence_penalty", 0.0),
        ("logit_bias", {}),
        ("logprobs", False),
        ("response_format", {"type": "text"}),
        ("tools", []),
        ("tool_choice", "auto"),
        ("parallel_tool_calls", True),
        ("modalities", ["text"]),
        ("store", False),
        ("user", "somebody"),
        ("prompt_cache_key", "k"),
        ("stop", None),
        ("stream", None),
    ],
)
def test_a_value_that_asks_for_nothing_is_accepted(option: str, value: Any) -> None:
    ChatBody.model_validate({"messages": MESSAGES, option: value})
    ChatBody.model_validate({"messages": MESSAGES, option: None})


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"max_tokens": "5"}, "max_tokens"),
        ({"max_tokens": 5.5}, "max_tokens"),
        ({"max_tokens": True}, "max_tokens"),
        ({"temperature": float("nan")}, "temperature"),
        ({"temperature": -0.1}, "temperature"),
        ({"top_p": 0}, "top_p"),
        ({"top_p": 1.1}, "top_p"),
        ({"repetition_penalty": 0}, "repetition_penalty"),
        ({"seed": 2**63}, "seed"),
        ({"stop": ["a", "b", "c", "d", "e"]}, "stop"),
        ({"stop": ""}, "stop.0"),
        ({"stop": 5}, "stop"),
        ({"stream": "true"}, "stream"),
        ({"max_tokens": 5, "max_completion_tokens": 6}, ""),
        ({"min_tokens": -1}, "min_tokens"),
        ({"max_time": 0}, "max_time"),
        ({"top_logprobs": 3}, ""),
        ({"logprobs": False, "top_logprobs": 3}, ""),
        ({"logprobs": True, "top_logprobs": 21}, "top_logprobs"),
        ({"logprobs": 1}, "logprobs"),
        ({"response_format": {"type": "xml"}}, "response_format"),
        ({"response_format": "json_object"}, "response_format"),
        ({"response_format": {"type": "json_object", "x": 1}}, "response_format.json_object.x"),
        (
            {"response_format": {"type": "json_schema"}},
            "response_format.json_schema.json_schema",
        ),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "a b"}}},
            "response_format.json_schema.json_schema.name",
        ),
        ({"stream_options": {"include_usage": True}}, ""),
        ({"stream": True, "stream_options": {"every": 5}}, "stream_options.every"),
        ({"documents": {"collections": "UserData"}}, "documents.collections"),
        ({"documents": {"collections": ["A"], "mode": "both"}}, "documents.mode"),
        ({"documents": {"collections": ["A"], "top_k": 101}}, "documents.top_k"),
        ({"messages": "Why?"}, "messages"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages.0"),
        ({"messages": [{"role": "user", "content": None}]}, "messages.0"),
        ({"messages": [{"role": "user", "content": [{"text": "x"}]}]}, "messages.0.content"),
        ({"messages": [{"role": "user", "content": "x", "id": 1}]}, "messages.0.id"),
    ],
    ids=str,
)
def test_a_value_out_of_bounds_is_refused_with_its_place(
    fields: dict[str, Any], place: str
) -> None:
    kind, where = problem(**fields)
    assert where == place
    assert kind != "unsupported_parameter"


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]},
            "messages.0.content",
        ),
        ({"messages": [{"role": "user", "content": "x", "name": "Ann"}]}, "messages.0.name"),
        ({"tools": [{"type": "custom", "function": {"name": "f"}}]}, "tools.0.type"),
        (
            {"stream": True, "stream_options": {"include_obfuscation": True}},
            "stream_options.include_obfuscation",
        ),
    ],
    ids=["image", "name", "tool_kind", "obfuscation"],
)
def test_what_is_known_and_cannot_be_honored_within_a_part_is_refused_too(
    fields: dict[str, Any], place: str
) -> None:
    assert problem(**fields) == ("unsupported_parameter", place)


def test_text_parts_are_joined_and_stops_become_a_list() -> None:
    parts = [{"type": "text", "text": "One"}, {"type": "text", "text": "two"}]
    body = ChatBody.model_validate(
        {"messages": [{"role": "user", "content": parts}], "stop": "END"}
    )
    assert body.messages[0].content == "One\ntwo"
    assert body.stop == ["END"]
    assert ChatBody.model_validate({"messages": MESSAGES}).stop == []


def test_the_two_names_of_the_token_limit_mean_the_same() -> None:
    for fields in (
        {"max_tokens": 7},
        {"max_completion_tokens": 7},
        {"max_tokens": 7, "max_completion_tokens": 7},
    ):
        assert ChatBody.model_validate({"messages": MESSAGES, **fields}).token_limit == 7
    assert ChatBody.model_validate({"messages": MESSAGES}).token_limit is None


def test_only_what_was_set_is_sent() -> None:
    body = ChatBody.model_validate({"messages": MESSAGES, "temperature": 0})
    assert body.model_dump(exclude_unset=True) == {"messages": MESSAGES, "temperature": 0}


@pytest.mark.parametrize(
    ("fields", "number"),
    [
        ({}, None),
        ({"logprobs": False, "top_logprobs": 0}, None),
        ({"logprobs": True}, 0),
        ({"logprobs": True, "top_logprobs": 5}, 5),
    ],
)
def test_logprobs_say_how_many_alternatives_are_reported(
    fields: dict[str, Any], number: int | None
) -> None:
    assert ChatBody.model_validate({"messages": MESSAGES, **fields}).alternatives == number


def test_a_schema_is_sent_under_openais_name() -> None:
    schema = {"type": "object", "properties": {"schema": {"type": "null"}}}
    wanted = {
        "type": "json_schema",
        "json_schema": {"name": "thing", "schema": schema, "strict": True},
    }
    body = ChatBody.model_validate({"messages": MESSAGES, "response_format": wanted})
    assert body.model_dump(mode="json", exclude_unset=True)["response_format"] == wanted
