"""Sampling defaults of a checkpoint's ``generation_config.json``."""

from __future__ import annotations

from typing import Any

from carrel.core.chat import SuggestedSampling

HOTTEST = 2.0
"""The maximum temperature of a request."""


def suggested_sampling(given: Any) -> SuggestedSampling | None:
    """Return the sampling of a ``transformers.GenerationConfig``; None if it has none.

    The file is the model's own: invalid values, and values that no request may have, are left out.
    Temperature and ``top_p`` only count if the config samples at all.
    """
    samples = getattr(given, "do_sample", None) is True
    found = SuggestedSampling(
        _number(given, "temperature", 0.0, HOTTEST) if samples else None,
        _number(given, "top_p", 0.01, 1.0) if samples else None,
        _number(given, "repetition_penalty", 0.5, 2.0),
    )
    return None if found == SuggestedSampling() else found


def _number(given: Any, name: str, least: float, most: float) -> float | None:
    value = getattr(given, name, None)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if least <= value <= most else None
