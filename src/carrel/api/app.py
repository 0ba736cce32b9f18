"""The API application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from carrel import __version__
from carrel.api import handlers
from carrel.api.deps import api_of, make_api
from carrel.api.middleware.body_limit import BodyLimit
from carrel.api.middleware.closing import EndOpenPages
from carrel.api.middleware.fallback import fallback_routes
from carrel.api.middleware.request_log import RequestLog
from carrel.api.middleware.security import (
    FOREIGN_HEADERS,
    SECURITY_HEADERS,
    AccessGuard,
    AccessRules,
)
from carrel.api.openapi import openapi
from carrel.api.openapi.openapi import DescribedApi
from carrel.api.routes import (
    chat,
    collections,
    compare,
    documents,
    embeddings,
    files,
    jobs,
    models,
    operations,
    summaries,
    text_completions,
    tokenize,
)
from carrel.core.runtime.reply_headers import ReplyHeaders
from carrel.services.application import Services

FAMILIES = (
    operations,
    models,
    chat,
    compare,
    text_completions,
    embeddings,
    tokenize,
    collections,
    summaries,
    documents,
    files,
    jobs,
)


def create_api(services: Services) -> FastAPI:
    """Return the API application; the page can be mounted below its routes."""
    # FastAPI's documentation pages would load scripts from another server.
    app = DescribedApi(
        title="Carrel",
        version=__version__,
        openapi_url=openapi.PATH,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
    )
    app.state.api = api = make_api(services)
    for family in FAMILIES:
        app.include_router(family.router)
    app.router.routes.extend(fallback_routes(app.router.routes))
    handlers.install(app)
    # The middleware added last handles a request first.
    app.add_middleware(EndOpenPages, closing=api.closing)
    app.add_middleware(BodyLimit)
    app.add_middleware(AccessGuard, rules=AccessRules.of(services.settings.server))
    app.add_middleware(ReplyHeaders, headers=SECURITY_HEADERS, removed=FOREIGN_HEADERS)
    app.add_middleware(RequestLog, metrics=api.metrics)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    await api_of(app).services.jobs.close()
