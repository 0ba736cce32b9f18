"""Health and metrics."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST

from carrel.api.deps import ApiState
from carrel.core.errors import Unavailable

router = APIRouter()


@router.get("/health")
async def health(api: ApiState) -> JSONResponse:
    """Answer 200 if a question can be answered now."""
    state = await api.services.health.check()
    if not state.ready:
        return api.errors.of(Unavailable(state.reason)).response()
    return JSONResponse({"status": "ok"})


@router.get("/metrics")
async def metrics(api: ApiState) -> Response:
    """Return all metrics in Prometheus' text format."""
    return Response(api.metrics.render(), headers={"Content-Type": CONTENT_TYPE_LATEST})
