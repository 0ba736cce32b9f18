"""Application state, and its dependency for routes."""

from __future__ import annotations

import asyncio
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from fastapi import Depends, FastAPI, Request

from carrel.api.errors import ErrorReplies
from carrel.api.metrics import Metrics
from carrel.core.access import Principal
from carrel.services.application import Services
from carrel.settings.schema import Settings


@dataclass(frozen=True, slots=True)
class Api:
    """The state of one application. ``closing`` is set at shutdown.

    ``started`` is in seconds since the epoch.
    """

    services: Services
    errors: ErrorReplies
    metrics: Metrics
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    started: int = field(default_factory=lambda: int(time.time()))


def make_api(services: Services) -> Api:
    """Return fresh state over the services."""
    metrics = Metrics()
    services.jobs.call_at_outcome(lambda each: metrics.files.labels(each.kind.value).inc())
    return Api(services, ErrorReplies(_private_folders(services.settings)), metrics)


def _private_folders(settings: Settings) -> list[Path]:
    named = [settings.storage.db_dir, settings.storage.models_dir]
    if settings.documents.user_path is not None:
        named.append(settings.documents.user_path)
    return [*named, Path.cwd(), Path.home(), Path(tempfile.gettempdir())]


def api_of(app: FastAPI) -> Api:
    """Return the state of an application."""
    api = app.state.api
    assert isinstance(api, Api)
    return api


def _api(request: Request) -> Api:
    return api_of(request.app)


def _principal() -> Principal:
    return Principal()


ApiState = Annotated[Api, Depends(_api)]
Caller = Annotated[Principal, Depends(_principal)]
