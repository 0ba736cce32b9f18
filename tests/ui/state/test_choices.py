"""What the page offers to choose."""

from __future__ import annotations

from collections.abc import Callable

from carrel.settings.schema import Settings
from carrel.ui.state.choices import first_scope, largest_file, sampling_of


def test_the_first_scope_is_that_of_the_settings(make_settings: Callable[..., Settings]) -> None:
    names = ["MyData", "UserData"]
    assert first_scope(make_settings(), names) == "UserData"
    assert first_scope(make_settings(langchain_mode="MyData"), names) == "MyData"
    assert first_scope(make_settings(langchain_mode="LLM"), names) == "LLM"
    assert first_scope(make_settings(langchain_mode="Elsewhere"), names) == "LLM"


def test_answers_are_sampled_as_the_settings_say(make_settings: Callable[..., Settings]) -> None:
    sampling = sampling_of(make_settings(max_new_tokens=7, temperature=0.5, top_p=0.9))
    assert (sampling.max_new_tokens, sampling.temperature, sampling.top_p) == (7, 0.5, 0.9)


def test_the_largest_file_is_counted_in_bytes(make_settings: Callable[..., Settings]) -> None:
    assert largest_file(make_settings(max_file_megabytes=0.5)) == 500_000
