"""Converts failed connections and error replies to core errors."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

import httpx
from pydantic import ValidationError

from carrel.client.retry_after import retry_after
from carrel.core import errors
from carrel.core.errors import CarrelError, QueueFull, RemoteUnavailable
from carrel.schemas.errors import ErrorBody, ErrorDetail


class ApiError(CarrelError):
    """The server refused or failed with a code that this client does not know.

    ``status`` is that of the reply, None within a stream; ``api_code`` is the server's code.
    """

    code = "api_error"

    def __init__(self, message: str, status: int | None, api_code: str | None) -> None:
        super().__init__(message)
        self.status = status
        self.api_code = api_code


CLASSES: Mapping[str, type[CarrelError]] = MappingProxyType(
    {
        each.code: each
        for _, each in inspect.getmembers(errors, inspect.isclass)
        if issubclass(each, CarrelError) and each is not CarrelError
    }
)


def error_of(detail: ErrorDetail, status: int | None) -> CarrelError:
    """Return the error of an error body, of the class of its code."""
    known = CLASSES.get(detail.code or "")
    return known(detail.message) if known else ApiError(detail.message, status, detail.code)


def error_of_reply(status: int, content: bytes) -> CarrelError:
    """Return the error of an unsuccessful reply."""
    try:
        return error_of(ErrorBody.model_validate_json(content).error, status)
    except ValidationError:
        # Not Carrel's: a proxy in between, or another server.
        return ApiError(f"The server answered {status} without saying why.", status, None)


@contextmanager
def retry_times(headers: Mapping[str, str]) -> Iterator[None]:
    """Set ``retry_after`` of a ``QueueFull`` in the block from the reply's headers."""
    try:
        yield
    except QueueFull as error:
        seconds = retry_after(headers)
        if seconds is not None:
            error.retry_after = seconds
        raise


@contextmanager
def transport_errors(address: str) -> Iterator[None]:
    """Convert connection errors of the block to core errors.

    Raises:
        RemoteUnavailable: no server answers, a timeout, or a broken connection.
    """
    try:
        yield
    except httpx.ConnectError as error:
        raise RemoteUnavailable(
            f"No Carrel server answers at {address}: start one, or give its address."
        ) from error
    except httpx.TimeoutException as error:
        raise RemoteUnavailable(
            f"The server at {address} did not answer in time: try again, or give a longer timeout."
        ) from error
    except httpx.TransportError as error:
        raise RemoteUnavailable(
            f"The connection to {address} broke ({type(error).__name__}): try again."
        ) from error
