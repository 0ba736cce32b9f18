"""What a checkpoint says of its sampling."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from transformers import GenerationConfig

from carrel.core.chat import SuggestedSampling
from carrel.engine.loading.loader import load
from carrel.engine.loading.suggested_sampling import suggested_sampling
from carrel.engine.spec import ModelSpec


@pytest.mark.parametrize(
    ("given", "suggested"),
    [
        ({}, None),
        (
            {"do_sample": True, "temperature": 0.6, "top_p": 0.95},
            SuggestedSampling(0.6, 0.95, None),
        ),
        ({"temperature": 0.6, "repetition_penalty": 1.1}, SuggestedSampling(None, None, 1.1)),
    ],
)
def test_what_is_said_is_taken(
    given: dict[str, float], suggested: SuggestedSampling | None
) -> None:
    assert suggested_sampling(GenerationConfig(**given)) == suggested


@pytest.mark.parametrize("value", ["hot", True, None, float("nan"), 99, -1, [1]])
def test_what_no_request_could_ask_for_is_left_out(value: object) -> None:
    given = GenerationConfig()
    given.do_sample, given.temperature = True, value
    assert suggested_sampling(given) is None


def test_it_comes_with_the_model(tiny_folder: Path) -> None:
    said = {"do_sample": True, "temperature": 0.7, "top_p": 0.9}
    (tiny_folder / "generation_config.json").write_text(json.dumps(said))
    loaded = load(ModelSpec(base_model=str(tiny_folder)))
    assert loaded.suggested == SuggestedSampling(0.7, 0.9)
    assert loaded.model.generation_config.temperature is None
