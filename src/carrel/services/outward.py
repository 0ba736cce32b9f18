"""Which data is sent to which other machines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from carrel.core.models import ModelState
from carrel.core.protocols.adapters import Embedder, VectorIndex
from carrel.core.protocols.hosted import Hosted
from carrel.core.runtime.loopback import is_loopback


@dataclass(frozen=True, slots=True)
class Outward:
    """The other machines that receive data, by name or address; None if there is none.

    ``engine`` gets questions and passages, ``embedder`` questions and the text of documents,
    ``store`` the vectors of both. Rerankers and score models always run locally.
    """

    engine: str | None = None
    embedder: str | None = None
    store: str | None = None

    @classmethod
    def of(cls, embedder: Embedder, vectors: VectorIndex) -> Outward:
        """Return what is sent whichever model answers."""
        return cls(embedder=_elsewhere(embedder), store=_elsewhere(vectors))

    def asking(self, states: Sequence[ModelState], model: str | None) -> Outward:
        """Return what is sent when a model is used; None or an unknown name is the default one.

        ``states`` are the models of the pool, the default one first. A loading model counts like a
        ready one.
        """
        chosen = next((each for each in states if each.name == model), next(iter(states), None))
        host = chosen.host if chosen is not None else None
        return replace(self, engine=host if host and not is_loopback(host) else None)


def _elsewhere(part: object) -> str | None:
    if isinstance(part, Hosted) and not is_loopback(part.host):
        return part.host
    return None
