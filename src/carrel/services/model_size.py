"""Which models are too small to be trusted with long texts."""

from __future__ import annotations

from carrel.core.chat import ModelInfo

SMALL_MODEL = 500_000_000
"""Weights below which a model is small. The bundled model has 135 million.

``benchmarks/results/digests.md`` says what the bundled model makes of long texts. Where the weights
are not known, as on another server, a model is taken for a large one.
"""


def is_small(info: ModelInfo) -> bool:
    """Whether the model is known to be small."""
    return info.parameters is not None and info.parameters < SMALL_MODEL
