"""Attention over the slots of a batch, masked by each sequence's own positions.

Registered with transformers as ``SLOTS``, for all models with replaceable attention. transformers
assumes that all rows of a batch end at one position; here each has its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.masking_utils import causal_mask_function

SLOTS = "carrel_slots"

MOST_FUSED = 64
"""Queries of a key-value head from which on torch's fused attention is slower in bfloat16 on a CPU:
it does not use the hardware's bfloat16 products.

The bundled model on 2 cores with AVX512-BF16, parts of 208 tokens of a prompt of 830: 604 ms fused,
479 ms by two products. The perplexity of 24 articles is the same (20.77 and 20.76).
"""

MaskFunction = Callable[[Any, Any, Any, Any], Any]


def register() -> None:
    """Register the attention with transformers; idempotent."""
    AttentionInterface.register(SLOTS, slot_attention)
    AttentionMaskInterface.register(SLOTS, slot_mask)


def slot_mask(
    batch_size: int,
    q_length: int,
    kv_length: int,
    q_offset: Any = 0,
    mask_function: MaskFunction = causal_mask_function,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
    **kwargs: Any,
) -> torch.Tensor | None:
    """Return the additive mask of a pass, of shape [rows, 1, queries, keys].

    ``q_offset`` is what the cache's ``get_query_offset`` returned: the positions of all queries, of
    shape [rows, queries]. None means that every query sees every key before it.
    """
    positions = q_offset if isinstance(q_offset, torch.Tensor) else None
    if positions is None or positions.ndim != 2:
        positions = (torch.arange(q_length) + q_offset).expand(batch_size, q_length)
    if mask_function is causal_mask_function and _all_visible(positions, kv_length):
        return None
    rows = torch.arange(batch_size, device=device)[:, None, None, None]
    queries = positions.to(device)[:, None, :, None]
    keys = torch.arange(kv_length, device=device)[None, None, None, :]
    head = torch.zeros(1, dtype=torch.long, device=device)
    seen = mask_function(rows, head, queries, keys).expand(batch_size, 1, q_length, kv_length)
    return additive(seen, dtype)


def additive(seen: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Convert a boolean mask, True for visible keys, to an additive one."""
    mask = torch.zeros(seen.shape, dtype=dtype, device=seen.device)
    return mask.masked_fill_(~seen, torch.finfo(dtype).min)


def _all_visible(positions: torch.Tensor, kv_length: int) -> bool:
    """Whether plain causal attention needs no mask: one query at the end, or all from the start."""
    queries = positions.shape[1]
    if queries == 1:
        return bool((positions == kv_length - 1).all())
    return queries == kv_length and bool((positions[:, 0] == 0).all())


def slot_attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    softcap: float | None = None,
    s_aux: torch.Tensor | None = None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """Return the attention's output of shape [rows, queries, heads, head size].

    Query heads that share a key-value head are treated as further queries of that head: repeating
    the keys would copy the whole cache in every layer.

    Raises:
        NotImplementedError: the model has attention sinks.
    """
    if s_aux is not None:
        raise NotImplementedError("attention sinks are not computed over slots")
    rows, heads, queries, size = query.shape
    shared = key.shape[1]
    group = heads // shared
    if attention_mask is None and queries > 1:
        attention_mask = additive(
            torch.ones(queries, queries, dtype=torch.bool, device=query.device).tril(), query.dtype
        )[None, None]
    folded = query.reshape(rows, shared, group * queries, size)
    if attention_mask is not None and queries > 1 and group > 1:
        attention_mask = attention_mask.repeat(1, 1, group, 1)
    scale = scaling or size**-0.5
    if softcap is not None:
        output = _capped(folded, key, value, attention_mask, scale, softcap)
    elif group * queries >= MOST_FUSED and _is_bfloat16_on_processor(query):
        output = _by_products(folded, key, value, attention_mask, scale)
    else:
        output = scaled_dot_product_attention(
            folded, key, value, attn_mask=attention_mask, scale=scale
        )
    output = output.reshape(rows, heads, queries, value.shape[-1])
    return output.transpose(1, 2).contiguous(), None


def _is_bfloat16_on_processor(states: torch.Tensor) -> bool:
    return states.device.type == "cpu" and states.dtype is torch.bfloat16


def _by_products(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    mask: torch.Tensor | None,
    scale: float,
) -> torch.Tensor:
    """Attention as two matrix products, with the scores written to memory."""
    scores = (query * scale) @ key.transpose(2, 3)
    if mask is not None:
        scores += mask
    return torch.softmax(scores, dim=-1) @ value


def _capped(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    mask: torch.Tensor | None,
    scaling: float,
    softcap: float,
) -> torch.Tensor:
    """Attention with a soft cap on its scores, as in Gemma 2."""
    scores = softcap * torch.tanh(query @ key.transpose(2, 3) * scaling / softcap)
    if mask is not None:
        scores = scores + mask
    weights = torch.softmax(scores, dim=-1, dtype=torch.float32).to(query.dtype)
    return weights @ value
