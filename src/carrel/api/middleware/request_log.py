"""Request ids, in replies and in log lines."""

from __future__ import annotations

import re
import time
import uuid

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from carrel.api.metrics import Metrics
from carrel.api.middleware.security import is_api

REQUEST_ID = "X-Request-Id"
_ACCEPTABLE = re.compile(r"[A-Za-z0-9._-]{1,64}")
PAGE = "page"
REFUSED = "refused"

log = structlog.get_logger()


def current_id() -> str:
    """Return the id of the current request."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))


def request_id(scope: Scope) -> str:
    """Return the client's own id if acceptable, else a new one."""
    given = Headers(scope=scope).get(REQUEST_ID, "")
    return given if _ACCEPTABLE.fullmatch(given) else uuid.uuid4().hex


class RequestLog:
    """Assigns ids to requests, measures, counts and logs them."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and log it when its reply has ended."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        own_id = request_id(scope)
        # Every request runs in a task of its own, so this affects no other one.
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=own_id)
        started = time.perf_counter()
        status = 500

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
                MutableHeaders(scope=message)[REQUEST_ID] = own_id
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        finally:
            self._record(scope, status, time.perf_counter() - started)

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        # Labels must be bounded, so a path only counts as its template.
        nothing_matched = REFUSED if is_api(scope["path"]) else PAGE
        route = getattr(scope.get("route"), "path", nothing_matched)
        self._metrics.requests.labels(scope["method"], route, str(status)).inc()
        self._metrics.seconds.labels(route).observe(seconds)
        # Load balancers and pages poll these.
        write = log.debug if route in {PAGE, "/health", "/metrics"} else log.info
        write(
            "request",
            method=scope["method"],
            # Not the path itself: it contains names of collections and files.
            path=route,
            status=status,
            seconds=round(seconds, 3),
        )
