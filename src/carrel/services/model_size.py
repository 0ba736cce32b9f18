"""Which models are too small to be trusted with long texts and free words."""

from __future__ import annotations

from carrel.core.chat import ModelInfo

SMALL_MODEL = 1_000_000_000
"""Weights below which a model is small.

The bundled model has 135 million, and is the only one that was measured: with long texts
(``benchmarks/results/summaries.md``), follow-up questions (``follow_ups.md``) and answers
(``answers.md``). Where the weights are not known, as on another server, a model is taken for a
large one.
"""


def is_small(info: ModelInfo) -> bool:
    """Whether the model is known to be small."""
    return info.parameters is not None and info.parameters < SMALL_MODEL


def is_large_or_remote(info: ModelInfo) -> bool:
    """Whether the model is known to be no small one, or stands on another server.

    There the size is not told, and nobody serves a small one.
    """
    return info.engine == "remote" or (info.parameters is not None and not is_small(info))
