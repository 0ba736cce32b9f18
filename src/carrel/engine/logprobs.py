"""Log-probabilities of written tokens, and when they may be told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from carrel.core.chat import TokenLogprob
from carrel.engine.token_bytes import TokenBytes

LOWEST = -9999.0
"""Stands for minus infinity, which JSON cannot write; OpenAI's servers use the same number."""


def token_logprob(
    scores: torch.Tensor,
    token_id: int,
    alternatives: int,
    token_bytes: TokenBytes,
    *,
    first: bool = False,
) -> TokenLogprob:
    """Return the log-probability of a token and of the ``alternatives`` likeliest ones.

    ``scores`` is the model's own row [vocabulary], before penalties, grammar, temperature and
    filters: that is what OpenAI and vLLM report, and it compares between requests. A token
    that the model did not favour may so have been chosen for another reason. ``first`` says that
    it opens the answer.
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


class UntoldTokens:
    """Holds tokens back until the text that they stand for is shown.

    Places are counted in characters of the decoded text, which has what a stop string cuts away
    later, too.
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[int, TokenLogprob]] = []

    def add(self, token: TokenLogprob, start: int) -> None:
        """Take a token whose text begins at ``start``."""
        self._waiting.append((start, token))

    def before(self, place: int) -> tuple[TokenLogprob, ...]:
        """Return, once, the tokens that begin before the ``place``."""
        told = tuple(token for start, token in self._waiting if start < place)
        self._waiting = self._waiting[len(told) :]
        return told

    def rest(self) -> tuple[TokenLogprob, ...]:
        """Return what is left."""
        told, self._waiting = tuple(token for _, token in self._waiting), []
        return told


def without_leading_space(tokens: Sequence[TokenLogprob]) -> tuple[TokenLogprob, ...]:
    """Return the tokens of a text whose leading white space was taken away."""
    for position, token in enumerate(tokens):
        content = token.content.lstrip()
        if content:
            text = content.decode(errors="replace")
            return (replace(token, text=text, content=content), *tokens[position + 1 :])
    return ()
