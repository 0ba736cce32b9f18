from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM

from carrel.core.errors import ModelLoadFailed
from carrel.engine.loading.loader import load
from carrel.engine.loading.packed_models import unpacked_model
from carrel.engine.spec import LoadedModel, ModelSpec
from tiny.packed_checkpoint import save_packed

IDS = torch.arange(40)[None]


def logits(folder: Path) -> torch.Tensor:
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    with torch.no_grad():
        return model(IDS).logits


@pytest.mark.parametrize(
    ("method", "bits", "sharded"),
    [
        ("gptq", 4, False),
        ("gptq", 2, False),
        ("gptq", 3, False),
        ("gptq", 8, False),
        ("gptq", 4, True),
        ("awq", 4, False),
        ("awq", 4, True),
    ],
)
def test_an_unpacked_checkpoint_computes_what_its_numbers_represent(
    tmp_path: Path, method: str, bits: int, sharded: bool
) -> None:
    packed = save_packed(tmp_path, method, bits, sharded)
    folder = unpacked_model(packed, "owner/small", tmp_path / "models")
    assert torch.equal(logits(folder), logits(tmp_path / "plain"))


@pytest.mark.parametrize("method", ["gptq", "awq"])
@pytest.mark.parametrize("load_4bit", [False, True])
async def test_a_published_checkpoint_loads_and_answers(
    tmp_path: Path, method: str, load_4bit: bool, answered: Callable[[LoadedModel], Awaitable[str]]
) -> None:
    packed = save_packed(tmp_path, method)
    spec = ModelSpec(
        base_model=str(packed), models_dir=tmp_path / "models", dtype="float32", load_4bit=load_4bit
    )
    loaded = load(spec)
    assert (loaded.name, loaded.precision) == ("packed", "nf4" if load_4bit else "float32")
    plain = load(
        ModelSpec(base_model=str(tmp_path / "plain"), dtype="float32", load_4bit=load_4bit)
    )
    assert await answered(loaded) == await answered(plain)


def test_a_checkpoint_is_unpacked_once(tmp_path: Path) -> None:
    packed = save_packed(tmp_path, "gptq")
    folder = unpacked_model(packed, "small", tmp_path / "models")
    written = (folder / "model.safetensors").stat().st_mtime_ns
    assert unpacked_model(packed, "small", tmp_path / "models") == folder
    assert (folder / "model.safetensors").stat().st_mtime_ns == written


def test_plain_weights_are_left_where_they_are(tmp_path: Path) -> None:
    save_packed(tmp_path, "gptq")
    assert unpacked_model(tmp_path / "plain", "small", tmp_path / "models") == tmp_path / "plain"
    assert not (tmp_path / "models").exists()


def test_the_configuration_may_be_in_a_file_of_its_own(tmp_path: Path) -> None:
    packed = save_packed(tmp_path, "gptq")
    config = json.loads((packed / "config.json").read_text())
    stated = config.pop("quantization_config")
    (packed / "config.json").write_text(json.dumps(config))
    (packed / "quantize_config.json").write_text(json.dumps(stated))
    folder = unpacked_model(packed, "small", tmp_path / "models")
    assert not (folder / "quantize_config.json").exists()
    assert torch.equal(logits(folder), logits(tmp_path / "plain"))


@pytest.mark.parametrize(
    ("method", "change", "said"),
    [
        ("gptq", {"checkpoint_format": "marlin"}, "gptq with 4 bits in the layout marlin"),
        ("gptq", {"bits": 5}, "gptq with 5 bits"),
        ("awq", {"version": "gemv"}, "layout gemv"),
    ],
)
def test_another_packing_is_refused_by_name(
    tmp_path: Path, method: str, change: dict[str, object], said: str
) -> None:
    packed = save_packed(tmp_path, method)
    config = json.loads((packed / "config.json").read_text())
    config["quantization_config"] |= change
    (packed / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelLoadFailed) as raised:
        unpacked_model(packed, "small", tmp_path / "models")
    assert said in str(raised.value)
    assert "--load_4bit" in str(raised.value)
