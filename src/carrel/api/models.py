"""The models in service."""

from __future__ import annotations

from fastapi import APIRouter

from carrel.api.deps import ApiState
from carrel.wire.models import ModelBody, ModelList

router = APIRouter()


@router.get("/v1/models")
async def list_models(api: ApiState) -> ModelList:
    """List the models that can answer now, the default one first."""
    models = api.services.models.models()
    return ModelList(data=[ModelBody.of(each, api.started) for each in models])
