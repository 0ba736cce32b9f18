"""An embedder that remembers the vectors of the last texts."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock

from carrel.core.protocols.adapters import Embedder

MOST_REMEMBERED = 512


class RecentVectors:
    """Computes each of the last texts once, though several steps of an answer need its vector.

    Texts are known by their digests, so that none of a deleted document stays in memory.
    Thread-safe.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._vectors: OrderedDict[bytes, list[float]] = OrderedDict()
        self._lock = Lock()

    @property
    def name(self) -> str:
        """The name of the embedder."""
        return self._embedder.name

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return self._embedder.dimension

    def embed_query(self, text: str) -> list[float]:
        """Return the vector of a query."""
        return self._embedder.embed_query(text)

    def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one vector per text, in order; those that are remembered are not computed."""
        encoded = (each.encode("utf-8", "surrogatepass") for each in texts)
        digests = [hashlib.blake2b(each).digest() for each in encoded]
        with self._lock:
            known = {each: self._vectors[each] for each in digests if each in self._vectors}
        missing = {
            digest: text for digest, text in zip(digests, texts, strict=True) if digest not in known
        }
        if missing:
            computed = self._embedder.embed_documents(list(missing.values()))
            known |= zip(missing, computed, strict=True)
        with self._lock:
            for digest in digests:
                self._vectors[digest] = known[digest]
                self._vectors.move_to_end(digest)
            while len(self._vectors) > MOST_REMEMBERED:
                self._vectors.popitem(last=False)
        return [known[each] for each in digests]
