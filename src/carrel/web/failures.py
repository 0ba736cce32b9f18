"""Maps HTTP errors to Carrel's errors."""

from __future__ import annotations

import http
from collections.abc import Iterator
from contextlib import contextmanager

import httpcore

from carrel.core.errors import FetchFailed

_MEANINGS: tuple[tuple[type[Exception], str], ...] = (
    (httpcore.ConnectTimeout, "its server does not answer: try again later"),
    (httpcore.PoolTimeout, "its server does not answer: try again later"),
    (httpcore.TimeoutException, "its server stopped responding: try again later"),
    (httpcore.ConnectError, "its server cannot be reached ({detail}): check the address"),
    (httpcore.NetworkError, "the connection was lost: try again later"),
    (httpcore.ProtocolError, "its server does not speak HTTP: check the address"),
    (httpcore.UnsupportedProtocol, "only http and https addresses are fetched"),
)
_LONGEST_DETAIL = 200


@contextmanager
def fetch_errors() -> Iterator[None]:
    """Convert errors of the HTTP library in the block to ``FetchFailed``."""
    try:
        yield
    except tuple(kind for kind, _ in _MEANINGS) as error:
        raise FetchFailed(_meaning(error)) from error


def refused_by_status(status: int) -> FetchFailed:
    """Return the error for a response that is not the document."""
    try:
        phrase = f" ({http.HTTPStatus(status).phrase})"
    except ValueError:
        phrase = ""
    return FetchFailed(f"its server answers {status}{phrase}: check the address in a browser")


def _meaning(error: Exception) -> str:
    meaning = next(text for kind, text in _MEANINGS if isinstance(error, kind))
    detail = " ".join(str(error).split())[:_LONGEST_DETAIL] or "no connection"
    return meaning.format(detail=detail)
