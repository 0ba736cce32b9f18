"""Loaded models, as seen by an administrator and by others."""

from __future__ import annotations

from carrel.core.access import Principal
from carrel.core.models import ModelState, ModelStatus
from carrel.services.models import HIDDEN_REASON, ModelService

FAILED = ModelState("m", ModelStatus.FAILED, reason="/srv/models/m has no config.json")
LOADING = ModelState("n", ModelStatus.LOADING)


class TwoModels:
    """A pool with one model that failed and one that loads."""

    def states(self) -> list[ModelState]:
        """Return both."""
        return [FAILED, LOADING]


def test_only_who_may_load_models_sees_why_one_failed() -> None:
    models = ModelService(TwoModels())  # type: ignore[arg-type]
    assert models.states(Principal()) == [FAILED, LOADING]
    other = Principal("ada", administrator=False)
    [failed, loading] = models.states(other)
    assert (failed.status, failed.reason) == (ModelStatus.FAILED, HIDDEN_REASON)
    assert loading == LOADING
    assert models.state("m", other) == failed
