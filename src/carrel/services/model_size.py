"""Classifies models by size."""

from __future__ import annotations

from carrel.core.chat import ModelInfo

SMALL_MODEL = 1_000_000_000
"""Number of weights below which a model is small.

The bundled model has 135 million, and is the only one that was measured: with long texts
(``benchmarks/results/summaries.md``), follow-up questions (``follow_ups.md``) and answers
(``answers.md``). If the number is unknown, as on another server, a model is assumed to be large.
"""


def is_small(info: ModelInfo) -> bool:
    """Whether the model is known to be small."""
    return info.parameters is not None and info.parameters < SMALL_MODEL


def is_large_or_remote(info: ModelInfo) -> bool:
    """Whether the model is known to be large, or runs on another server.

    Remote models are assumed to be large.
    """
    return info.engine == "remote" or (info.parameters is not None and not is_small(info))
