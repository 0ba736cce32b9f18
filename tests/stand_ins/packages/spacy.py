"""A spaCy without models."""

from __future__ import annotations

from typing import Any


class Language:
    """Notes what it is made of."""

    def __init__(self, name: str) -> None:
        self.parts = [name]

    def add_pipe(self, name: str) -> None:
        """Add a part."""
        self.parts.append(name)


def load(name: str, exclude: list[str]) -> Any:
    """Raise what spaCy does if a model is not installed."""
    raise OSError(f"[E050] Can't find model '{name}', without {exclude}.")


def blank(name: str) -> Language:
    """Return a language without a model."""
    return Language(name)
