"""What a tab asks for instead of the server's defaults."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from carrel.core.chat import AnswerStyle, Message, Role, Scope
from carrel.core.errors import InvalidRequest
from carrel.settings.schema import Settings
from carrel.ui.state.answer_options import read_options

QUESTION = (Message(Role.USER, "Hello?"),)


def test_nothing_given_means_the_servers_defaults(make_settings: Callable[..., Settings]) -> None:
    settings = make_settings(temperature=0.5, top_k=3, system_prompt="Be kind.")
    options = read_options(settings, {"temperature": None, "system_prompt": "Be kind."})
    assert (options.sampling.temperature, options.top_k) == (0.5, 3)
    assert options.led(QUESTION) == QUESTION
    assert options.scoped(None) is None


def test_what_is_given_goes_before_the_defaults(make_settings: Callable[..., Settings]) -> None:
    given = {"temperature": 0.7, "answer_style": "short", "top_k": -1, "system_prompt": " Brief. "}
    options = read_options(make_settings(), given)
    assert options.sampling.temperature == 0.7
    assert options.scoped(Scope(("A",))) == Scope(("A",), top_k=-1, style=AnswerStyle.SHORT)
    assert options.led(QUESTION) == (Message(Role.SYSTEM, "Brief."), *QUESTION)


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"temperature": 3}, "Temperature 3: should be less than or equal to 2"),
        ({"top_k": 0}, "Passages (-1 fills) 0: 0 asks for no passage"),
        ({"max_new_tokens": 0}, "Max new tokens 0: should be greater"),
    ],
)
def test_a_bad_value_gives_one_line(
    make_settings: Callable[..., Settings], given: dict[str, Any], line: str
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        read_options(make_settings(), given)
    assert str(caught.value).startswith(line)
    assert "\n" not in str(caught.value)
