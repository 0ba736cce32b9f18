"""Chat, text completion and comparison take the same sampling options, with the same bounds."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from carrel.schemas.chat import ChatBody
from carrel.schemas.compare import ContenderBody
from carrel.schemas.sampling import GenerationBody, SamplingBody
from carrel.schemas.text_completions import TextCompletionBody

BODIES: list[tuple[type[SamplingBody], dict[str, Any]]] = [
    (ChatBody, {"messages": [{"role": "user", "content": "Why?"}]}),
    (TextCompletionBody, {"prompt": "Why"}),
    (ContenderBody, {"model": "m"}),
]


@pytest.mark.parametrize(("body", "needed"), BODIES)
@pytest.mark.parametrize(
    ("option", "good", "bad"),
    [
        ("max_tokens", 1, 0),
        ("min_tokens", 0, -1),
        ("max_time", 0.5, 0),
        ("temperature", 2, 2.1),
        ("top_p", 1, 0),
        ("top_k", 0, -1),
        ("repetition_penalty", 0.5, 0.4),
        ("seed", -(2**63), 2**63),
        ("stop", ["a", "b", "c", "d"], ["a", "b", "c", "d", "e"]),
        ("stop", "a", ""),
        ("stream_options", None, {"include_usage": True}),
    ],
)
def test_options_have_the_same_bounds_everywhere(
    body: type[SamplingBody], needed: dict[str, Any], option: str, good: Any, bad: Any
) -> None:
    if option not in body.model_fields:
        assert not issubclass(body, GenerationBody)
        return
    assert getattr(body.model_validate(needed | {option: good}), option) in (good, [good])
    with pytest.raises(ValidationError):
        body.model_validate(needed | {option: bad})


@pytest.mark.parametrize(("body", "needed"), BODIES[:2])
def test_usage_is_included_where_a_stream_asks_for_it(
    body: type[GenerationBody], needed: dict[str, Any]
) -> None:
    asked = needed | {"stream": True, "stream_options": {"include_usage": True}}
    assert body.model_validate(asked).include_usage
    assert not body.model_validate(needed | {"stream": True}).include_usage
    with pytest.raises(ValidationError, match="stream_options needs stream=true"):
        body.model_validate(needed | {"stream_options": {}})
