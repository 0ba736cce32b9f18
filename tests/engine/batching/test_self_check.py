"""Which models may be batched is found out by comparing, and the others are served one by one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from carrel.core.errors import ModelLoadFailed
from carrel.engine.batching.batch_model import BatchModel
from carrel.engine.batching.self_check import Checked, check
from carrel.engine.choose import batch_limits, serve_loaded
from carrel.engine.loading.loader import load
from carrel.engine.spec import LoadedModel, ModelSpec, ServingLimits
from carrel.settings.schema import EngineKind
from tiny.architectures import ARCHITECTURES, save_architecture

VOCABULARY = 320


@pytest.mark.parametrize("name", sorted(set(ARCHITECTURES) - {"bloom"}))
def test_architectures_that_can_be_batched(name: str) -> None:
    model = ARCHITECTURES[name](VOCABULARY)
    checked = check(model, BatchModel(model))
    assert checked.problem is None
    config = model.config
    heads = getattr(config, "num_key_value_heads", None) or 4
    if name == "llama":
        assert checked.bytes_per_token == 2 * 2 * heads * 8 * 4


@pytest.mark.parametrize("name", ["llama", "gpt_neox", "falcon"])
def test_half_precision_is_no_difference(name: str) -> None:
    model = ARCHITECTURES[name](VOCABULARY).to(torch.bfloat16)
    assert check(model, BatchModel(model)).problem is None


def test_a_model_that_fails_in_a_batch_is_found_out() -> None:
    model = ARCHITECTURES["bloom"](VOCABULARY)
    assert check(model, BatchModel(model)).problem


def test_a_model_that_answers_otherwise_in_a_batch_is_found_out() -> None:
    model = ARCHITECTURES["llama"](VOCABULARY)

    def mix_rows(module: Any, arguments: Any, output: torch.Tensor) -> torch.Tensor:
        return output + output.mean(dim=0, keepdim=True)

    model.model.layers[0].mlp.register_forward_hook(mix_rows)
    problem = check(model, BatchModel(model)).problem
    assert problem is not None and "differ" in problem


def test_a_model_that_ignores_its_positions_is_found_out() -> None:
    model = ARCHITECTURES["llama"](VOCABULARY)
    forward = model.forward

    def forgetful(*arguments: Any, position_ids: Any = None, **options: Any) -> Any:
        return forward(*arguments, **options)

    model.forward = forgetful
    assert check(model, BatchModel(model)).problem is not None


def test_positions_that_depend_on_the_batch_are_found_out() -> None:
    model = ARCHITECTURES["llama"](VOCABULARY)
    model.config.rope_parameters = {"rope_type": "longrope", "rope_theta": 10_000.0}
    problem = check(model, BatchModel(model)).problem
    assert problem is not None and "longrope" in problem


async def test_auto_batches_what_can_be_batched(tiny: LoadedModel) -> None:
    engine = serve_loaded(tiny, EngineKind.AUTO, ServingLimits())
    assert engine.info.engine == "continuous"
    await engine.close()


async def test_auto_serves_the_others_one_by_one(tmp_path: Path) -> None:
    loaded = load(ModelSpec(base_model=str(save_architecture(tmp_path, "bloom"))))
    engine = serve_loaded(loaded, EngineKind.AUTO, ServingLimits())
    assert engine.info.engine == "sequential"
    await engine.close()


def test_continuous_is_refused_where_it_would_be_wrong(tmp_path: Path) -> None:
    loaded = load(ModelSpec(base_model=str(save_architecture(tmp_path, "bloom"))))
    with pytest.raises(ModelLoadFailed, match="cannot be batched"):
        serve_loaded(loaded, EngineKind.CONTINUOUS, ServingLimits())


def test_the_cache_is_as_large_as_is_asked_within_the_memory(tiny: LoadedModel) -> None:
    checked = Checked(None, bytes_per_token=1024)
    small = batch_limits(tiny, checked, ServingLimits(max_batch=4, cache_memory=2**20 / 2**30))
    assert small.cache_tokens == 1024
    enough = batch_limits(tiny, checked, ServingLimits(max_batch=4))
    assert enough.cache_tokens == 4 * tiny.context_length * 2
