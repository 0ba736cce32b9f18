"""Readiness of the server."""

from __future__ import annotations

from dataclasses import dataclass

from carrel.core.errors import CarrelError
from carrel.core.models import EnginePool


@dataclass(frozen=True, slots=True)
class Health:
    """``reason`` is what is missing, in one line, if not ``ready``."""

    ready: bool
    reason: str | None = None


class HealthService:
    """Checks the components that a question needs."""

    def __init__(self, models: EnginePool) -> None:
        self._models = models

    async def check(self) -> Health:
        """Return whether the default model can answer."""
        try:
            failure = self._models.get(None).failure()
        except CarrelError as error:
            return Health(False, str(error))
        return Health(failure is None, failure)
