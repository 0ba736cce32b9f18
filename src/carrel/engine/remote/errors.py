"""Maps errors of a remote server to core errors."""

from __future__ import annotations

from typing import Any

from carrel.core.errors import (
    CarrelError,
    GenerationFailed,
    ModelNotFound,
    PromptTooLong,
    QueueFull,
    RemoteUnavailable,
    UnsupportedParameter,
)

MEANINGS: dict[int, tuple[type[CarrelError], str]] = {
    400: (UnsupportedParameter, "refuses the request"),
    401: (RemoteUnavailable, "refuses the API key: set inference_server_api_key"),
    403: (RemoteUnavailable, "refuses the API key: set inference_server_api_key"),
    404: (ModelNotFound, "does not have the model"),
    408: (RemoteUnavailable, "took too long"),
    413: (PromptTooLong, "finds the prompt too long"),
    422: (UnsupportedParameter, "refuses the request"),
    429: (QueueFull, "has too many requests: try again soon"),
}

FAILED: tuple[type[CarrelError], str] = (RemoteUnavailable, "failed")
"""Any status from 500 on."""

UNEXPECTED: tuple[type[CarrelError], str] = (GenerationFailed, "gave an unexpected answer")
"""Any other status."""

TOO_LONG = ("context_length_exceeded", "context length", "maximum context", "prompt is too long")
SHOWN = 300


def remote_error(base_url: str, status: int, body: Any, retry_after: float = 1.0) -> CarrelError:
    """Return the core error for an HTTP status and the decoded body (None if it is not JSON).

    ``retry_after`` is in seconds, for an overloaded server.
    """
    said = error_text(body)
    kind, meaning = MEANINGS.get(status, UNEXPECTED)
    if status in (400, 422) and is_too_long(body):
        kind, meaning = MEANINGS[413]
    elif status >= 500:
        kind, meaning = FAILED
    detail = f" ({said})" if said else ""
    message = f"The inference server {base_url} {meaning}: HTTP {status}{detail}."
    return QueueFull(message, retry_after) if kind is QueueFull else kind(message)


def error_text(body: Any) -> str:
    """Return the message of an error body in OpenAI's shape, or in a similar one."""
    if not isinstance(body, dict):
        return ""
    error = body.get("error", body)
    said = error.get("message") or error.get("detail") if isinstance(error, dict) else error
    return " ".join(str(said or "").split())[:SHOWN].rstrip(".")


def is_too_long(body: Any) -> bool:
    """Whether an error body says that the prompt does not fit the context."""
    text = str(body).lower()
    return any(sign in text for sign in TOO_LONG)
