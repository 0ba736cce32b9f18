"""Refuses what no route takes below the API's paths, which would otherwise reach the page."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPMethod

from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Receive, Scope, Send


class Refusal:
    """Answers 405 where a route takes another method, and 404 elsewhere."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self._routes = tuple(routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raise what the error handlers turn into a reply."""
        allowed = [method for method in HTTPMethod if self._takes(scope, method)]
        if allowed:
            raise HTTPException(405, headers={"Allow": ", ".join(allowed)})
        raise HTTPException(404)

    def _takes(self, scope: Scope, method: str) -> bool:
        tried = {**scope, "method": str(method)}
        return any(route.matches(tried)[0] is Match.FULL for route in self._routes)


def fallback_routes(routes: Sequence[BaseRoute]) -> list[Route]:
    """Return routes that take everything of the API's paths that ``routes`` do not."""
    refusal = Refusal(routes)
    paths = ("/health", "/metrics", "/openapi.json", "/v1", "/v1/{rest:path}")
    return [Route(path, refusal, include_in_schema=False) for path in paths]
