"""Loaded models: list, load, unload."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response, status

from carrel.api.deps import Api, ApiState, Caller
from carrel.api.middleware.connection import while_connected
from carrel.core.models import ModelState
from carrel.schemas.models import LoadModel, ModelBody, ModelList, UnloadedModels, UnloadModel
from carrel.services.models import ModelService

router = APIRouter()


def _service(api: ApiState) -> ModelService:
    return ModelService(api.services.models)


Service = Annotated[ModelService, Depends(_service)]


@router.get("/v1/models")
async def list_models(api: ApiState, caller: Caller, service: Service) -> ModelList:
    """List the models, the default one first."""
    return ModelList(data=_bodies(service.states(caller), api))


@router.get("/v1/models/{model:path}")
async def show_model(model: str, api: ApiState, caller: Caller, service: Service) -> ModelBody:
    """Show one model; its name may contain slashes."""
    return _bodies([service.state(model, caller)], api)[0]


@router.post("/v1/models/load")
async def load_model(
    body: LoadModel,
    request: Request,
    response: Response,
    api: ApiState,
    caller: Caller,
    service: Service,
) -> ModelList:
    """Load a model. It continues if the client disconnects; only the waiting ends."""
    loading = service.load(body.to_core(), caller, wait=body.wait)
    states = await while_connected(request.receive, api.closing, loading)
    if not body.wait:
        response.status_code = status.HTTP_202_ACCEPTED
    return ModelList(data=_bodies(states, api))


@router.post("/v1/models/unload")
async def unload_model(body: UnloadModel, caller: Caller, service: Service) -> UnloadedModels:
    """Unload a model and its adapters."""
    unloaded = await service.unload(body.model, caller)
    left = [each.name for each in service.states(caller)]
    return UnloadedModels(unloaded=unloaded, default=left[0] if left else None)


def _bodies(states: Sequence[ModelState], api: Api) -> list[ModelBody]:
    return [
        ModelBody.of(each, api.started, api.errors.clean(each.reason) if each.reason else None)
        for each in states
    ]
