"""Refuses unknown API paths, which would otherwise reach the page."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPMethod

from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Receive, Scope, Send


class Refusal:
    """Answers 405 if a route has another method, else 404."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self._routes = tuple(routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raise what the error handlers convert to a reply."""
        allowed = [method for method in HTTPMethod if self._takes(scope, method)]
        if allowed:
            raise HTTPException(405, headers={"Allow": ", ".join(allowed)})
        raise HTTPException(404)

    def _takes(self, scope: Scope, method: str) -> bool:
        tried = {**scope, "method": str(method)}
        return any(route.matches(tried)[0] is Match.FULL for route in self._routes)


def fallback_routes(routes: Sequence[BaseRoute]) -> list[Route]:
    """Return routes that match all API paths that ``routes`` do not."""
    refusal = Refusal(routes)
    paths = ("/health", "/metrics", "/openapi.json", "/v1", "/v1/{rest:path}")
    return [Route(path, refusal, include_in_schema=False) for path in paths]
