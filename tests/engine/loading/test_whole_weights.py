"""Weights that a model's files do not hold are refused, never random."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from carrel.core.errors import CarrelError, ModelLoadFailed
from carrel.engine.loading.gguf_files import unpacked_gguf
from carrel.engine.loading.loader import load
from carrel.engine.spec import ModelSpec
from tiny.adapter import save_adapter
from tiny.architectures import ARCHITECTURES, save_architecture
from tiny.model import save_tiny_model

Tensors = dict[str, torch.Tensor]
LAYER = "model.layers.1.mlp.down_proj"


def without(tensors: Tensors, name: str) -> Tensors:
    return {key: tensor for key, tensor in tensors.items() if key != name}


CHANGES: dict[str, tuple[Callable[[Tensors], Tensors], str]] = {
    "a matrix": (lambda t: without(t, f"{LAYER}.weight"), f"no weights for {LAYER}.weight:"),
    "a norm": (lambda t: without(t, "model.norm.weight"), "no weights for model.norm.weight:"),
    "the output": (lambda t: without(t, "lm_head.weight"), "no weights for lm_head.weight:"),
    "every name": (lambda t: {f"other.{key}": t[key] for key in t}, "and 18 more"),
    "a shape": (lambda t: t | {f"{LAYER}.weight": torch.ones(3, 5)}, "(3, 5)"),
    "a bias too many": (lambda t: t | {f"{LAYER}.bias": torch.ones(32)}, f"{LAYER}.bias"),
    "a scale": (lambda t: t | {f"{LAYER}.weight_scale": torch.ones(1)}, f"{LAYER}.weight_scale"),
}


def changed(folder: Path, change: Callable[[Tensors], Tensors]) -> Path:
    tensors = change(load_file(folder / "model.safetensors"))
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def refusal(folder: Path, **fields: object) -> str:
    with pytest.raises(CarrelError) as raised:
        load(ModelSpec(base_model=str(folder), offline=True, **fields))  # type: ignore[arg-type]
    assert "\n" not in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize("what", CHANGES)
@pytest.mark.parametrize("load_4bit", [False, True])
def test_weights_that_do_not_fit_are_refused_with_their_names(
    tmp_path: Path, what: str, load_4bit: bool
) -> None:
    change, said = CHANGES[what]
    folder = changed(save_tiny_model(tmp_path, hidden=64), change)
    message = refusal(folder, load_4bit=load_4bit)
    assert said in message and tmp_path.name in message


def test_a_bias_of_zeros_and_what_is_no_part_of_a_layer_are_left_out(tmp_path: Path) -> None:
    more = {
        f"{LAYER}.bias": torch.zeros(32),
        "model.layers.0.self_attn.rotary_emb.inv_freq": torch.ones(4),
        "model.layers.0.self_attn.k_proj.k_scale": torch.ones(1),
        "vision.tower.weight": torch.ones(4, 4),
    }
    folder = changed(save_tiny_model(tmp_path), lambda tensors: tensors | more)
    assert load(ModelSpec(base_model=str(folder), offline=True)).parameters


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_whole_model_is_no_false_alarm(tmp_path: Path, name: str) -> None:
    folder = save_architecture(tmp_path, name)
    assert load(ModelSpec(base_model=str(folder), dtype="float32", offline=True)).parameters


@pytest.mark.parametrize("damage", ["gone", "of another shape"])
def test_an_expert_that_cannot_be_merged_is_refused_with_its_name(
    tmp_path: Path, damage: str
) -> None:
    name = "model.layers.1.block_sparse_moe.experts.2.w1.weight"
    folder = save_architecture(tmp_path, "mixtral")
    assert name in load_file(folder / "model.safetensors")
    if damage == "gone":
        changed(folder, lambda tensors: without(tensors, name))
    else:
        changed(folder, lambda tensors: tensors | {name: tensors[name][:-1].contiguous()})
    assert f"({name})" in refusal(folder)


@pytest.mark.parametrize("damage", ["cut", "gone"])
def test_a_part_that_is_cut_or_gone_is_refused(tmp_path: Path, damage: str) -> None:
    folder = save_tiny_model(tmp_path)
    tensors = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    names = sorted(tensors)
    parts = {"a.safetensors": names[:9], "b.safetensors": names[9:]}
    for file, own in parts.items():
        save_file({name: tensors[name] for name in own}, folder / file, metadata={"format": "pt"})
    index = {"metadata": {}, "weight_map": {n: file for file, own in parts.items() for n in own}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    assert load(ModelSpec(base_model=str(folder), offline=True)).parameters
    if damage == "gone":
        (folder / "b.safetensors").unlink()
    else:
        content = (folder / "b.safetensors").read_bytes()
        (folder / "b.safetensors").write_bytes(content[: len(content) // 2])
    assert "b.safetensors" in refusal(folder)


def test_a_gguf_file_without_a_tensor_is_not_converted(tmp_path: Path) -> None:
    from gguf import GGUFReader, GGUFWriter

    from tiny.gguf import save_tiny_gguf

    whole = GGUFReader(save_tiny_gguf(tmp_path / "whole.gguf"))
    writer = GGUFWriter(tmp_path / "part.gguf", "llama")
    for name, field in whole.fields.items():
        if not name.startswith(("GGUF.", "general.architecture")):
            kinds = field.types
            sub = kinds[-1] if len(kinds) > 1 else None
            writer.add_key_value(name, field.contents(), kinds[0], sub_type=sub)
    for tensor in whole.tensors:
        if tensor.name != "blk.1.ffn_down.weight":
            writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    with pytest.raises(ModelLoadFailed, match=r"no weights for model\.layers\.1\.mlp"):
        unpacked_gguf(tmp_path / "part.gguf", tmp_path / "models")
    assert not list((tmp_path / "models").glob("part-*"))


def test_an_adapter_whose_names_match_nothing_is_refused(tmp_path: Path) -> None:
    base = save_tiny_model(tmp_path / "base")
    adapter = save_adapter(base, tmp_path / "lora")
    file = adapter / "adapter_model.safetensors"
    other = {f"other.{name}": tensor for name, tensor in load_file(file).items()}
    save_file(other, file, metadata={"format": "pt"})
    assert "does not fit" in refusal(base, lora_weights=str(adapter))
