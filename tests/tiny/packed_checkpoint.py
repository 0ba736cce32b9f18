"""Writes the tiny model as a GPTQ or AWQ checkpoint, as it is published, beside its plain form.

The packing is written number by number from the formats' descriptions, so that it shares nothing
with the code that unpacks it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from tiny.model import tiny_model, tiny_tokenizer

GROUP = 32
AWQ_COLUMNS = (0, 2, 4, 6, 1, 3, 5, 7)
"""Which of eight columns each four bits of an AWQ word hold, lowest first."""


@dataclass(frozen=True, slots=True)
class Quantized:
    """A weight ``[outputs, inputs]`` in whole numbers: scale and zero ``[groups, outputs]``."""

    numbers: list[list[int]]
    zeros: list[list[int]]
    scales: torch.Tensor
    groups: list[int]

    def plain(self) -> torch.Tensor:
        """Return the float weight that it represents."""
        numbers, zeros = torch.tensor(self.numbers), torch.tensor(self.zeros)
        scales = self.scales.float()
        return ((numbers - zeros[self.groups].T) * scales[self.groups].T).float()


def quantize(weight: torch.Tensor, bits: int, act_order: bool) -> Quantized:
    """Round a weight; with ``act_order`` the inputs of a group are not neighbours."""
    inputs = weight.shape[1]
    groups = torch.arange(inputs) // GROUP
    if act_order:
        groups = groups[torch.randperm(inputs, generator=torch.Generator().manual_seed(1))]
    most = 2**bits - 1
    scales, zeros = [], []
    for group in range(inputs // GROUP):
        part = weight[:, groups == group]
        low, high = part.min(1).values, part.max(1).values
        scale = ((high - low) / most).half()
        scales.append(scale)
        zeros.append((-low / scale.float()).round().clamp(0, most).int())
    scale = torch.stack(scales)
    zero = torch.stack(zeros)
    numbers = (weight / scale.float()[groups].T).round() + zero[groups].T
    return Quantized(numbers.clamp(0, most).int().tolist(), zero.tolist(), scale, groups.tolist())


def words(numbers: list[int], bits: int) -> list[int]:
    """Pack numbers into signed 32-bit words, lowest bits first, across word borders."""
    stream = sum(number << (bits * place) for place, number in enumerate(numbers))
    packed = [(stream >> shift) & 0xFFFFFFFF for shift in range(0, bits * len(numbers), 32)]
    return [word - (1 << 32) if word >> 31 else word for word in packed]


def gptq_parts(layer: Quantized, bits: int) -> dict[str, torch.Tensor]:
    """Pack along the inputs; each zero is kept less one."""
    qweight = torch.tensor([words(row, bits) for row in layer.numbers], dtype=torch.int32).T
    less_one = [
        words([zero - 1 for zero in row], bits) if min(row) else _borrowed(row, bits)
        for row in layer.zeros
    ]
    return {
        "qweight": qweight.contiguous(),
        "qzeros": torch.tensor(less_one, dtype=torch.int32),
        "scales": layer.scales,
        "g_idx": torch.tensor(layer.groups, dtype=torch.int32),
    }


def _borrowed(row: list[int], bits: int) -> list[int]:
    """Take one off each number of a word at once, as GPTQModel does."""
    ones = sum(1 << shift for shift in range(0, 32, bits))
    taken = [(word - ones) & 0xFFFFFFFF for word in words(row, bits)]
    return [word - (1 << 32) if word >> 31 else word for word in taken]


def awq_parts(layer: Quantized) -> dict[str, torch.Tensor]:
    """Pack along the outputs, in AWQ's order of columns."""
    by_input = torch.tensor(layer.numbers).T.tolist()
    return {
        "qweight": torch.tensor([_awq_words(row) for row in by_input], dtype=torch.int32),
        "qzeros": torch.tensor([_awq_words(row) for row in layer.zeros], dtype=torch.int32),
        "scales": layer.scales,
    }


def _awq_words(row: list[int]) -> list[int]:
    ordered = [row[start + c] for start in range(0, len(row), 8) for c in AWQ_COLUMNS]
    return words(ordered, 4)


def save_packed(folder: Path, method: str, bits: int = 4, sharded: bool = False) -> Path:
    """Write ``folder/packed`` as published, and ``folder/plain`` with the weights it represents."""
    tokenizer = tiny_tokenizer()
    model = tiny_model(len(tokenizer), hidden=64)
    packed, plain = folder / "packed", folder / "plain"
    tensors: dict[str, torch.Tensor] = {}
    state = model.half().state_dict()
    for name, weight in list(state.items()):
        if not name.endswith("_proj.weight"):
            tensors[name] = weight.clone()
            continue
        layer = quantize(weight.float(), bits, act_order=method == "gptq")
        parts = gptq_parts(layer, bits) if method == "gptq" else awq_parts(layer)
        tensors |= {f"{name.removesuffix('weight')}{part}": t for part, t in parts.items()}
        state[name] = layer.plain().half()
    model.load_state_dict(state)
    for target in (packed, plain):
        model.save_pretrained(target)
        tokenizer.save_pretrained(target)
    (packed / "model.safetensors").unlink()
    _write(packed, tensors, sharded)
    stated: dict[str, Any] = {"quant_method": method, "bits": bits, "group_size": GROUP}
    stated |= (
        {"desc_act": True, "sym": False, "checkpoint_format": "gptq"}
        if method == "gptq"
        else {"version": "gemm", "zero_point": True}
    )
    config = json.loads((packed / "config.json").read_text())
    (packed / "config.json").write_text(json.dumps(config | {"quantization_config": stated}))
    return packed


def _write(folder: Path, tensors: dict[str, torch.Tensor], sharded: bool) -> None:
    if not sharded:
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
        return
    # Cut in the middle, so that the parts of one layer lie in two files.
    names = sorted(tensors)
    halves = {
        "first.safetensors": names[: len(names) // 2],
        "last.safetensors": names[len(names) // 2 :],
    }
    for file, own in halves.items():
        save_file({name: tensors[name] for name in own}, folder / file, metadata={"format": "pt"})
    weight_map = {name: file for file, own in halves.items() for name in own}
    index = {"metadata": {}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
