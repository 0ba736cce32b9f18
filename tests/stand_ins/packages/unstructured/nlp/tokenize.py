"""Loads a model of English, which the real one downloads on its first use."""

from __future__ import annotations

from functools import lru_cache
from typing import Any


def _load_spacy_model() -> Any:
    raise AssertionError("the model would be downloaded now")


@lru_cache(maxsize=1)
def get_language() -> Any:
    """Return the model."""
    return _load_spacy_model()
