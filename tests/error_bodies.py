"""Reading error bodies, and insisting on their shape."""

from __future__ import annotations

from typing import Any

import httpx


def checked(body: dict[str, Any]) -> dict[str, Any]:
    """Return the error of a body that has the one shape of errors."""
    error = body["error"]
    assert set(error) == {"message", "type", "param", "code"}, body
    assert error["message"], body
    assert "\n" not in error["message"]
    return dict(error)


def error_of(reply: httpx.Response) -> dict[str, Any]:
    """Return the error of a reply that has the one shape of errors."""
    assert reply.is_error, reply.text
    assert reply.headers["Content-Type"] == "application/json"
    return checked(reply.json())
