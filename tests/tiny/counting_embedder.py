"""An embedder that costs nothing and remembers what it was asked for."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

LENGTH = 32


class CountingEmbedder:
    """Gives each text a direction of its own, the same one every time.

    The texts are appended to ``journal``, one digest a line, so that they are counted also when the
    process is killed. ``pause`` is the seconds that one text takes.
    """

    name = "counting"
    dimension = LENGTH

    def __init__(self, journal: Path, pause: float = 0.0) -> None:
        self._journal = journal
        self.pause = pause

    def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one vector per text, in order."""
        time.sleep(self.pause * len(texts))
        lines = "".join(f"{digest(text).hex()}\n" for text in texts)
        descriptor = os.open(self._journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(descriptor, lines.encode())
        os.close(descriptor)
        return [_direction(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """Return the vector of a question."""
        return _direction(text)

    def embedded(self) -> list[str]:
        """Return the digests of the texts so far, in order."""
        return self._journal.read_text().split() if self._journal.exists() else []


def digest(text: str) -> bytes:
    """Return the form of a text in the journal, in hexadecimal."""
    return hashlib.sha256(text.encode()).digest()


def _direction(text: str) -> list[float]:
    generator = np.random.default_rng(int.from_bytes(digest(text)[:8], "big"))
    vector = generator.normal(size=LENGTH)
    direction: list[float] = (vector / np.linalg.norm(vector)).tolist()
    return direction
