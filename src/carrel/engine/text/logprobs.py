"""Log-probabilities of generated tokens."""

from __future__ import annotations

from dataclasses import replace

import torch

from carrel.core.chat import TokenLogprob
from carrel.engine.text.token_bytes import TokenBytes

LOWEST = -9999.0
"""Represents minus infinity, which JSON cannot; OpenAI's servers use the same number."""


def token_logprob(
    scores: torch.Tensor,
    token_id: int,
    alternatives: int,
    token_bytes: TokenBytes,
    *,
    first: bool = False,
) -> TokenLogprob:
    """Return the log-probability of a token and of the ``alternatives`` most likely ones.

    ``scores`` is the model's own row [vocabulary], before penalties, grammar, temperature and
    filters: that is what OpenAI and vLLM report, and it is comparable between requests. The chosen
    token may therefore not be the most likely one. ``first`` says that it is the first of the
    answer.
    """
    row = scores.float()
    total = torch.logsumexp(row, dim=-1)
    best = torch.topk(row, min(alternatives, row.shape[-1]))
    values = [(row[token_id] - total).item(), *(best.values - total).tolist()]
    ids = [token_id, *best.indices.tolist()]
    chosen, *others = (
        _described(each, value, token_bytes, first) for each, value in zip(ids, values, strict=True)
    )
    return replace(chosen, alternatives=tuple(others))


def _described(token_id: int, value: float, token_bytes: TokenBytes, first: bool) -> TokenLogprob:
    content = token_bytes(token_id, first=first)
    text = content.decode(errors="replace") if content else token_bytes.written(token_id)
    return TokenLogprob(text, content, max(value, LOWEST))
