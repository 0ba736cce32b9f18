"""Exception handlers of the framework."""

from __future__ import annotations

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from carrel.api.deps import api_of
from carrel.api.errors import CLASS_OF_CODE, INTERNAL_REPLY, ErrorReply, reply_with
from carrel.api.middleware.connection import ClientGone
from carrel.api.middleware.http_protocol import REQUEST_TIMEOUT, REQUEST_TOO_LARGE
from carrel.api.middleware.request_log import REQUEST_ID, current_id
from carrel.api.middleware.security import SECURITY_HEADERS
from carrel.core.errors import CarrelError, InvalidRequest, NotFound, UnsupportedParameter
from carrel.core.log_reason import log_reason

log = structlog.get_logger()

CLIENT_CLOSED_REQUEST = 499
"""nginx's status for a client that closed the connection; only in the log and the metrics."""

# Pydantic's error types for a body that is no JSON object at all.
_NO_OBJECT = {"model_attributes_type", "model_type", "missing"}
_TO_LEAVE_OUT = {UnsupportedParameter.code, "extra_forbidden"}
FRAMEWORK_CODES = {
    404: NotFound.code,
    405: "method_not_allowed",
    408: REQUEST_TIMEOUT,
    413: REQUEST_TOO_LARGE,
}
_MESSAGES = {
    404: "Unknown path.",
    405: "Method not allowed for this path.",
}


def install(app: FastAPI) -> None:
    """Register the handlers."""
    app.add_exception_handler(CarrelError, _core_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _framework_error)
    app.add_exception_handler(ClientGone, _client_gone)
    app.add_exception_handler(ClientDisconnect, _client_gone)
    app.add_exception_handler(Exception, _unforeseen)


async def _core_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, CarrelError)
    reply = api_of(request.app).errors.of(error)
    if reply.status >= 500:
        log.warning("request.failed", code=reply.code, reason=log_reason(error))
    return reply.response()


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return invalid(error).response()


def invalid(error: RequestValidationError) -> ErrorReply:
    """Return the reply for one problem; ``param`` is its location, such as ``messages.0.role``.

    Unknown fields are reported first. The refused value itself is not repeated: it may be long or
    secret.
    """
    first = min(error.errors(), key=lambda each: each["type"] not in _TO_LEAVE_OUT)
    kind, place = first["type"], ".".join(str(each) for each in first["loc"][1:])
    if kind in CLASS_OF_CODE:
        return reply_with(CLASS_OF_CODE[kind], first["msg"], place)
    if kind == "json_invalid":
        return reply_with(InvalidRequest, "The body is not valid JSON.")
    if not place and kind in _NO_OBJECT:
        message = "The body must be a JSON object, sent with Content-Type: application/json."
        return reply_with(InvalidRequest, message)
    if kind == "extra_forbidden":
        return reply_with(InvalidRequest, f"Unknown field '{place[:200]}'.", place)
    if kind == "missing":
        return reply_with(InvalidRequest, f"'{place}' is missing.", place)
    text = first["msg"].removeprefix("Value error, ")
    message = f"'{place}': {text}." if place else f"{text[:1].upper()}{text[1:]}."
    return reply_with(InvalidRequest, " ".join(message.split()), place or None)


async def _framework_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = error.status_code
    code = FRAMEWORK_CODES.get(status, InvalidRequest.code)
    message = _MESSAGES.get(status, str(error.detail))
    return ErrorReply(status, code, message).response(error.headers)


async def _client_gone(request: Request, error: Exception) -> Response:
    return Response(status_code=CLIENT_CLOSED_REQUEST)


async def _unforeseen(request: Request, error: Exception) -> Response:
    """Reply without details; the framework raises the error again, and it is logged."""
    # This reply bypasses the middlewares that complete all others, and the server closes its
    # connection: without this header a client would send its next request to a closed one.
    return INTERNAL_REPLY.response(
        {**SECURITY_HEADERS, REQUEST_ID: current_id(), "Connection": "close"}
    )
