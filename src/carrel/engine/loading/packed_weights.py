"""Unpacks GPTQ and AWQ weights, shard by shard.

Both store the weights of a linear layer as integers of a few bits, with a scale and a zero point
per group of inputs: ``weight = (number - zero) * scale``. The layouts are those of
AutoGPTQ (https://github.com/AutoGPTQ/AutoGPTQ) and AutoAWQ (https://github.com/casper-hansen/AutoAWQ),
which their successor GPTQModel keeps writing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

AWQ_ORDER = (0, 4, 1, 5, 2, 6, 3, 7)
"""Where in a word of eight numbers AWQ stores each column."""

PARTS = ("qweight", "qzeros", "scales", "g_idx")


class UnknownPacking(Exception):
    """The packing of a checkpoint is unknown; the message names it."""


@dataclass(frozen=True, slots=True)
class Packing:
    """Packing of a checkpoint. ``group`` counts the inputs that share a scale; -1 is all."""

    method: str
    bits: int
    group: int
    zero_offset: int = 0


def read_packing(config: Mapping[str, Any]) -> Packing:
    """Parse a configuration's ``quantization_config`` or a ``quantize_config.json``.

    Raises:
        UnknownPacking: an unsupported method or layout.
    """
    method = str(config.get("quant_method", "gptq")).lower()
    bits = int(config.get("bits") or config.get("w_bit") or 0)
    group = int(config.get("group_size") or config.get("q_group_size") or -1)
    layout = str(
        config.get("checkpoint_format") or config.get("format") or config.get("version") or method
    ).lower()
    if method == "gptq" and bits in (2, 3, 4, 8) and layout in ("gptq", "gptq_v2"):
        # The first layout stores each zero minus one.
        return Packing(method, bits, group, 1 if layout == "gptq" else 0)
    if method == "awq" and bits == 4 and layout in ("awq", "gemm"):
        return Packing(method, bits, group)
    raise UnknownPacking(f"{method} with {bits} bits in the layout {layout}")


def unpacked(tensors: Mapping[str, torch.Tensor], packing: Packing) -> torch.Tensor:
    """Return the float32 weight ``[outputs, inputs]`` of one layer's packed parts, by name."""
    if packing.method == "awq":
        numbers = _awq_numbers(tensors["qweight"])
        zeros = _awq_numbers(tensors["qzeros"])
    else:
        numbers = _numbers(tensors["qweight"].t(), packing.bits).t()
        zeros = _gptq_zeros(tensors["qzeros"], packing)
    scales = tensors["scales"].float()
    inputs = numbers.shape[0]
    groups = tensors.get("g_idx")
    if groups is None or not len(groups):
        size = packing.group if packing.group > 0 else inputs
        groups = torch.arange(inputs) // size
    groups = groups.long()
    numbers, zeros = numbers.float(), zeros.float()[:, : numbers.shape[1]]
    return ((numbers - zeros[groups]) * scales[groups]).t().contiguous()


def _gptq_zeros(words: torch.Tensor, packing: Packing) -> torch.Tensor:
    """Return the zero points plus the one that the layout subtracts."""
    if packing.zero_offset and 32 % packing.bits == 0:
        # A zero of 0 was borrowed from its neighbour; only the whole word gives that back.
        ones = sum(1 << shift for shift in range(0, 32, packing.bits))
        return _numbers(words + ones, packing.bits)
    zeros = _numbers(words, packing.bits) + packing.zero_offset
    return zeros & ((1 << packing.bits) - 1)


def _numbers(words: torch.Tensor, bits: int) -> torch.Tensor:
    """Return the numbers of each row of int32 words, lowest bits first, across word borders."""
    rows = words.contiguous().numpy().view(np.uint8)
    single = np.unpackbits(rows, axis=-1, bitorder="little")
    count = single.shape[-1] // bits
    single = single[:, : count * bits].reshape(len(rows), count, bits)
    return torch.from_numpy(np.packbits(single, axis=-1, bitorder="little")[:, :, 0]).int()


def _awq_numbers(words: torch.Tensor) -> torch.Tensor:
    numbers = _numbers(words, 4)
    ordered = numbers.reshape(len(numbers), -1, len(AWQ_ORDER))[:, :, list(AWQ_ORDER)]
    return ordered.reshape(len(numbers), -1)
