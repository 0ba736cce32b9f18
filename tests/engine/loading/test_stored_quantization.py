"""Checkpoints that are published in few bits: what they answer, and what is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModelForCausalLM, BitsAndBytesConfig

from carrel.core.errors import ModelLoadFailed
from carrel.engine.loading.loader import load
from carrel.engine.loading.memory_estimate import estimate
from carrel.engine.spec import LoadedModel, ModelSpec
from tiny.adapter import save_adapter
from tiny.model import save_tiny_model, tiny_tokenizer

pytestmark = pytest.mark.filterwarnings("ignore:MatMul8bitLt")

BLOCK = 32
FP8_MOST = 448
IDS = torch.arange(5, 45)[None]

Tensors = dict[str, torch.Tensor]


def rewrite(folder: Path, tensors: Tensors, stated: dict[str, Any] | None) -> Path:
    """Replace a model's weights, and what its configuration states of them."""
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((folder / "config.json").read_text())
    if stated is not None:
        config["quantization_config"] = stated
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def weights(folder: Path) -> Tensors:
    return load_file(folder / "model.safetensors")


def in_fp8(tensor: torch.Tensor, block: int | None) -> tuple[torch.Tensor, torch.Tensor]:
    """Return a matrix in 8 bits, with a scale for each block or one for all."""
    rows, columns = tensor.shape
    high, wide = (rows, columns) if block is None else (block, block)
    scales = torch.zeros(-(-rows // high), -(-columns // wide))
    packed = torch.zeros(rows, columns, dtype=torch.float8_e4m3fn)
    for a in range(scales.shape[0]):
        for b in range(scales.shape[1]):
            at = slice(a * high, (a + 1) * high), slice(b * wide, (b + 1) * wide)
            scales[a, b] = tensor[at].abs().max() / FP8_MOST
            packed[at] = (tensor[at] / scales[a, b]).to(torch.float8_e4m3fn)
    return packed, scales if block is not None else scales.reshape(())


def save_fp8(folder: Path, block: int | None = BLOCK, scale: str = "weight_scale_inv") -> Path:
    save_tiny_model(folder, hidden=64)
    tensors: Tensors = {}
    for name, tensor in weights(folder).items():
        if name.endswith("_proj.weight"):
            packed, scales = in_fp8(tensor, block)
            tensors |= {name: packed, name.removesuffix("weight") + scale: scales}
        else:
            tensors[name] = tensor.bfloat16()
    blocks = None if block is None else [block, block]
    stated = {"quant_method": "fp8", "activation_scheme": "dynamic", "weight_block_size": blocks}
    return rewrite(folder, tensors, stated)


def save_mxfp4(folder: Path) -> Path:
    """A tiny gpt-oss, whose experts have four bits and a scale for 32 of them."""
    tokenizer = tiny_tokenizer()
    config = AutoConfig.for_model(
        "gpt_oss",
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=16,
        num_local_experts=4,
        num_experts_per_tok=2,
        sliding_window=32,
        max_position_embeddings=256,
        initializer_range=0.3,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
        layer_types=["sliding_attention", "full_attention"],
    )
    with torch.random.fork_rng():
        torch.manual_seed(3)
        model: Any = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    random = torch.Generator().manual_seed(5)
    tensors: Tensors = {}
    for name, tensor in weights(folder).items():
        if name.endswith(("gate_up_proj", "down_proj")) and tensor.ndim == 3:
            experts, inputs, outputs = tensor.shape
            shape = (experts, outputs, inputs // 32, 16)
            tensors[f"{name}_blocks"] = torch.randint(
                0, 256, shape, generator=random, dtype=torch.uint8
            )
            tensors[f"{name}_scales"] = torch.full(shape[:3], 124, dtype=torch.uint8)
        else:
            tensors[name] = tensor
    kept = ["model.layers.*.self_attn", "model.layers.*.mlp.router", "lm_head"]
    stated = {"quant_method": "mxfp4", "modules_to_not_convert": [*kept, "model.embed_tokens"]}
    return rewrite(folder, tensors, stated)


def save_bitsandbytes(folder: Path, bits: int) -> Path:
    plain = save_tiny_model(folder.with_name(f"{folder.name}-plain"), hidden=64)
    options: dict[str, Any] = (
        {"load_in_8bit": True}
        if bits == 8
        else {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4"}
        | {"bnb_4bit_compute_dtype": torch.bfloat16}
    )
    packed = BitsAndBytesConfig(**options)  # type: ignore[no-untyped-call]
    model: Any = AutoModelForCausalLM.from_pretrained(
        plain, dtype=torch.bfloat16, quantization_config=packed
    )
    model.save_pretrained(folder)
    tiny_tokenizer().save_pretrained(folder)
    return folder


MADE: dict[str, tuple[Callable[[Path], Path], str]] = {
    "fp8 by blocks": (save_fp8, "bfloat16 (from fp8)"),
    "fp8 by tensors": (lambda folder: save_fp8(folder, None), "bfloat16 (from fp8)"),
    "mxfp4": (save_mxfp4, "bfloat16 (from mxfp4)"),
    "nf4": (lambda folder: save_bitsandbytes(folder, 4), "nf4"),
    "int8": (lambda folder: save_bitsandbytes(folder, 8), "int8"),
}


def spec_of(folder: Path, **fields: Any) -> ModelSpec:
    return ModelSpec(base_model=str(folder), **{"dtype": "bfloat16", "offline": True, **fields})


def by_transformers(folder: Path) -> Any:
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16).eval()


def scores(model: Any) -> torch.Tensor:
    with torch.inference_mode():
        return torch.as_tensor(model(input_ids=IDS).logits)


def refusal(folder: Path, **fields: Any) -> str:
    with pytest.raises(ModelLoadFailed) as raised:
        load(spec_of(folder, **fields))
    assert "\n" not in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize("kind", MADE)
async def test_a_published_checkpoint_answers_what_transformers_answers(
    tmp_path: Path, kind: str, answered: Callable[[LoadedModel], Awaitable[str]]
) -> None:
    make, precision = MADE[kind]
    folder = make(tmp_path / "packed")
    right = by_transformers(folder)
    loaded = load(spec_of(folder))
    assert loaded.precision == precision
    assert torch.equal(scores(loaded.model), scores(right))
    written = right.generate(IDS, max_new_tokens=12, do_sample=False, pad_token_id=1)
    again = loaded.model.generate(IDS, max_new_tokens=12, do_sample=False, pad_token_id=1)
    assert torch.equal(written, again)
    assert await answered(loaded)
    expected = estimate(folder, pickled=False).bytes(precision, torch.bfloat16)
    assert loaded.model.get_memory_footprint() == pytest.approx(expected, rel=0.25)


@pytest.mark.parametrize("kind", ["fp8 by blocks", "nf4", "int8"])
def test_an_adapter_over_a_published_checkpoint_computes_what_peft_computes(
    tmp_path: Path, kind: str
) -> None:
    folder = MADE[kind][0](tmp_path / "packed")
    adapter = save_adapter(save_tiny_model(tmp_path / "base", hidden=64), tmp_path / "lora")
    right = scores(PeftModel.from_pretrained(by_transformers(folder), str(adapter)).eval())
    loaded = load(spec_of(folder, lora_weights=str(adapter)))
    with loaded.adapters.rows([loaded.adapter]):
        found = scores(loaded.model)
    assert torch.allclose(found, right, atol=0.1)
    assert not torch.allclose(found, scores(loaded.model), atol=0.1)


def test_fp8_in_float32_is_what_the_numbers_represent(tmp_path: Path) -> None:
    folder = save_fp8(tmp_path / "packed")
    plain = shutil.copytree(folder, tmp_path / "plain")
    tensors = weights(folder)
    scales = {name: tensors.pop(name) for name in list(tensors) if name.endswith("_scale_inv")}
    for name, scale in scales.items():
        by_number = scale.repeat_interleave(BLOCK, 0).repeat_interleave(BLOCK, 1)
        weight = name.removesuffix("_scale_inv")
        tensors[weight] = tensors[weight].float() * by_number
    rewrite(plain, {name: tensor.float() for name, tensor in tensors.items()}, None)
    config = json.loads((plain / "config.json").read_text())
    del config["quantization_config"]
    (plain / "config.json").write_text(json.dumps(config))
    right = AutoModelForCausalLM.from_pretrained(plain, dtype=torch.float32).eval()
    # transformers itself leaves two formats in one model here, and fails at the first token.
    assert torch.equal(scores(load(spec_of(folder, dtype="float32")).model), scores(right))


METHODS = (
    *("compressed-tensors", "hqq", "aqlm", "auto-round", "quanto", "quark", "torchao", "vptq"),
    *("spqr", "higgs", "eetq", "fbgemm_fp8", "fp_quant", "nvfp4", "fouroversix", "sinq"),
    *("exl2", "exl3", "modelopt", "something-new"),
)


@pytest.mark.parametrize("method", METHODS)
def test_what_cannot_be_loaded_is_refused_by_name_before_its_weights_are_read(
    tmp_path: Path, method: str
) -> None:
    folder = save_tiny_model(tmp_path / "packed", hidden=64)
    rewrite(folder, weights(folder), {"quant_method": method, "bits": 4})
    (folder / "model.safetensors").write_bytes(b"not read")
    said = refusal(folder)
    assert (
        method in said and "awq, bitsandbytes, fp8, gptq, mxfp4" in said and "--load_4bit" in said
    )


PLACES: dict[str, dict[str, Any]] = {
    "vision alone": {"vision_config": {"quantization_config": {"quant_method": "fp8"}}},
    "compression": {"compression_config": {"quant_method": "compressed-tensors"}},
    "text, unknown": {"text_config": {"quantization_config": {"quant_method": "exl3"}}},
    "no method": {"quantization_config": {"group_size": 64, "bits": 4}},
}


@pytest.mark.parametrize("place", PLACES)
def test_a_statement_in_another_place_is_not_overlooked(tmp_path: Path, place: str) -> None:
    folder = save_tiny_model(tmp_path / "packed")
    config = json.loads((folder / "config.json").read_text()) | PLACES[place]
    (folder / "config.json").write_text(json.dumps(config))
    assert "is quantized as" in refusal(folder)


def test_what_modelopt_states_beside_the_configuration_is_read(tmp_path: Path) -> None:
    folder = save_tiny_model(tmp_path / "packed")
    written = {"producer": {"name": "modelopt"}, "quantization": {"quant_algo": "NVFP4"}}
    (folder / "hf_quant_config.json").write_text(json.dumps(written))
    assert "modelopt (NVFP4)" in refusal(folder)
    written["quantization"] = {"quant_algo": None, "kv_cache_quant_algo": "FP8"}  # type: ignore[dict-item]
    (folder / "hf_quant_config.json").write_text(json.dumps(written))
    assert load(spec_of(folder)).precision == "bfloat16"


def test_numbers_of_few_bits_that_nothing_explains_are_refused(tmp_path: Path) -> None:
    folder = save_fp8(tmp_path / "packed")
    config = json.loads((folder / "config.json").read_text())
    del config["quantization_config"]
    (folder / "config.json").write_text(json.dumps(config))
    assert "F8_E4M3" in refusal(folder)


def test_fp8_without_its_scales_or_with_uneven_blocks_is_refused(tmp_path: Path) -> None:
    named = save_fp8(tmp_path / "named", None, scale="weight_scale")
    assert "no scale for" in refusal(named)
    uneven = save_fp8(tmp_path / "uneven", 48)
    assert "do not divide" in refusal(uneven)


@pytest.mark.parametrize(("kind", "flag"), [("fp8 by blocks", "load_4bit"), ("nf4", "load_8bit")])
def test_other_bits_than_the_published_ones_are_refused(
    tmp_path: Path, kind: str, flag: str
) -> None:
    folder = MADE[kind][0](tmp_path / "packed")
    assert f"remove --{flag}" in refusal(folder, **{flag: True})


def test_nf4_is_what_4_bits_ask_for(tmp_path: Path) -> None:
    folder = save_bitsandbytes(tmp_path / "packed", 4)
    assert load(spec_of(folder, load_4bit=True)).precision == "nf4"


def test_a_leftover_file_of_gptq_beside_plain_weights_says_nothing(tmp_path: Path) -> None:
    folder = save_tiny_model(tmp_path / "plain")
    (folder / "quantize_config.json").write_text('{"bits": 4, "group_size": 128}')
    loaded = load(spec_of(folder, models_dir=tmp_path / "models"))
    assert loaded.precision == "bfloat16"
    assert not (tmp_path / "models").exists()
