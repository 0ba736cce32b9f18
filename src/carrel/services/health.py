"""Readiness of the server."""

from __future__ import annotations

from dataclasses import dataclass

from carrel.core.errors import CarrelError, ModelNotReady
from carrel.core.models import EnginePool
from carrel.core.protocols.embedding import LoadedEmbedder


@dataclass(frozen=True, slots=True)
class Health:
    """``reason`` is what is missing, in one line, if not ``ready``."""

    ready: bool
    reason: str | None = None


class HealthService:
    """Checks the components that a question needs."""

    def __init__(self, models: EnginePool, embedder: object = None) -> None:
        self._models = models
        self._embedder = embedder

    async def check(self) -> Health:
        """Return whether the default model can answer; while it loads, all that still loads."""
        try:
            failure = self._models.get(None).failure()
        except ModelNotReady as error:
            return Health(False, f"{error}{self._also_missing()}")
        except CarrelError as error:
            return Health(False, str(error))
        return Health(failure is None, failure)

    def _also_missing(self) -> str:
        embedder = self._embedder
        if isinstance(embedder, LoadedEmbedder) and not embedder.is_loaded:
            return f" Embedder {embedder.name} is not loaded yet."
        return ""
