"""Full modules of adapters, computed for rows of different adapters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

BASE = "__base__"
"""peft's name for a row without an adapter."""


def compute_by_rows(
    wrapper: Any, states: torch.Tensor, *args: Any, adapter_names: Sequence[str], **kwargs: Any
) -> torch.Tensor:
    """Compute row i with the module of ``adapter_names[i]``, in one call per adapter.

    ``wrapper`` is peft's. Valid for modules that compute each row separately, as norms, embeddings
    and linear layers do; other tensors with a first dimension of the same length are split alike.
    """
    rows = len(adapter_names)

    def part(value: Any, at: torch.Tensor) -> Any:
        by_row = isinstance(value, torch.Tensor) and value.ndim > 0 and len(value) == rows
        return value[at] if by_row else value

    output: torch.Tensor | None = None
    for key in dict.fromkeys(adapter_names):
        own = [row for row, name in enumerate(adapter_names) if name == key]
        at = torch.tensor(own, device=states.device)
        module = wrapper.original_module if key == BASE else wrapper.modules_to_save[key]
        found = module(
            part(states, at),
            *(part(each, at) for each in args),
            **{name: part(each, at) for name, each in kwargs.items()},
        )
        if output is None:
            output = found.new_empty((rows, *found.shape[1:]))
        output[at] = found
    if output is None:
        raise ValueError("there are no rows")
    return output
