"""Int8 copies of weights, for small batches on CPUs."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional

from carrel.engine.loading.memory import free_memory

MOST_ROWS = 16
"""Maximum number of rows for which the product with int8 weights is faster.

The time of all linear layers of the bundled model on 2 cores with AVX512-BF16, in ms, bfloat16
against int8: 1 row 13.8 and 5.3, 4 rows 15.4 and 5.6, 8 rows 18.2 and 11.8, 16 rows 21.6 and 17.7,
32 rows 21.4 and 31.8.
"""

LEAST_WEIGHTS = 2**16
"""Smaller layers, such as a router of experts, gain nothing and stay exact."""

BLOCK = 32
"""The kernel reads the inputs in blocks, and beyond the end if they do not divide."""

MOST_LEVEL = 127
"""The largest 8-bit number that has a negative one."""

SHARE_OF_FREE = 0.25
"""The share of free memory for copies; the rest is for computing."""


class Int8CopyLinear(nn.Linear):
    """A bfloat16 layer that holds its weights a second time, as int8 with a scale per output.

    Both represent exactly the same numbers: the bfloat16 ones are rounded to them, and a scale is a
    power of two, so that bfloat16's eight bits hold each product. Answers depend on the batch size
    no more than they do in bfloat16 anyway. Scales that fit the largest weight cost 0.4 % of
    perplexity instead of 0.8 %, and made the same scores differ twice as much.
    """

    int8_weight: torch.Tensor
    int8_scale: torch.Tensor

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """Return the product in bfloat16, by the faster of two kernels."""
        rows = input.numel() // self.in_features
        if rows > MOST_ROWS or rows == 0:
            return functional.linear(input, self.weight, self.bias)
        flat = input.reshape(rows, self.in_features).contiguous()
        product = torch._weight_int8pack_mm(flat, self.int8_weight, self.int8_scale)
        product = product.reshape(*input.shape[:-1], self.out_features)
        return product if self.bias is None else product + self.bias


def add_int8_copies(model: nn.Module) -> bool:
    """Add int8 copies to the model's large bfloat16 layers; their weights are rounded to them.

    Weights that two layers share are rounded for both. Returns False, with nothing changed, if no
    layer can have a copy, or all together would take more than ``SHARE_OF_FREE`` of the free memory
    (they take half of the weights').
    """
    layers: list[Any] = [module for module in model.modules() if _can_have_copy(module)]
    free = free_memory()
    needed = sum(layer.weight.numel() for layer in layers)
    if not layers or (free is not None and needed > free * SHARE_OF_FREE):
        return False
    for layer in layers:
        _add_copy(layer)
    return True


def _can_have_copy(module: Any) -> bool:
    return (
        type(module) is nn.Linear
        and module.weight.dtype is torch.bfloat16
        and module.weight.device.type == "cpu"
        and module.weight.numel() >= LEAST_WEIGHTS
        and module.in_features % BLOCK == 0
    )


def _add_copy(layer: Any) -> None:
    with torch.no_grad():
        exact = layer.weight.float()
        smallest = torch.finfo(torch.float32).tiny  # for an output whose weights are all zero
        scale = torch.exp2(torch.log2(exact.abs().amax(1).clamp_min(smallest) / MOST_LEVEL).ceil_())
        levels = exact.div_(scale[:, None]).round_()
        layer.register_buffer("int8_weight", levels.to(torch.int8), persistent=False)
        layer.register_buffer("int8_scale", scale.bfloat16(), persistent=False)
        layer.weight.copy_(levels.mul_(scale[:, None]))
    layer.__class__ = Int8CopyLinear
