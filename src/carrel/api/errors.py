"""Maps errors to HTTP statuses and error bodies."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from starlette.responses import JSONResponse

from carrel.core import errors
from carrel.core.errors import CarrelError
from carrel.schemas.errors import ErrorBody, ErrorDetail

STATUS_CODES: Mapping[type[CarrelError], int] = {
    errors.CarrelError: 500,
    errors.InvalidRequest: 400,
    errors.UnknownSetting: 400,
    errors.InvalidSetting: 400,
    errors.PromptTooLong: 400,
    errors.QueryTooLong: 400,
    errors.TooManyMessages: 400,
    errors.UnsupportedParameter: 400,
    errors.NothingToSearch: 400,
    errors.AddressRefused: 400,
    errors.NotFound: 404,
    errors.ModelNotFound: 404,
    errors.CollectionNotFound: 404,
    errors.DocumentNotFound: 404,
    errors.PlaceNotFound: 404,
    errors.ConversationNotFound: 404,
    errors.JobNotFound: 404,
    errors.PathNotFound: 404,
    errors.AlreadyExists: 409,
    errors.AccessDenied: 403,
    errors.NotAuthenticated: 401,
    errors.UnreadableDocument: 422,
    errors.UnsupportedFormat: 422,
    errors.EmptyDocument: 422,
    errors.EncryptedDocument: 422,
    errors.DocumentTooLarge: 413,
    errors.DocumentTooSlow: 422,
    errors.Unavailable: 503,
    errors.ModelNotReady: 503,
    errors.QueueFull: 429,
    errors.StoreInUse: 503,
    errors.PortInUse: 503,
    errors.StorageFull: 507,
    errors.RemoteUnavailable: 502,
    errors.FetchFailed: 502,
    errors.OfflineRefused: 403,
    errors.ModelLoadFailed: 500,
    errors.GenerationFailed: 500,
    errors.StoreCorrupt: 500,
    errors.CatalogIncomplete: 500,
}

CLASS_OF_CODE: Mapping[str, type[CarrelError]] = {each.code: each for each in STATUS_CODES}

LOADING_SECONDS = 5
"""``Retry-After`` of a loading model. Small ones take seconds, and polling is cheap."""

INTERNAL_ERROR = "internal_error"
_TYPES = {401: "authentication_error", 403: "permission_error"}
_INTERNAL_MESSAGE = "Internal server error; the server's log has the details."


def type_of(status: int) -> str:
    """Return OpenAI's ``type`` of an error with this status."""
    return _TYPES.get(status, "invalid_request_error" if status < 500 else "server_error")


@dataclass(frozen=True, slots=True)
class ErrorReply:
    """An error reply: its status and the fields of its body.

    ``retry_after``, in seconds, is sent as a header.
    """

    status: int
    code: str
    message: str
    param: str | None = None
    retry_after: int | None = None

    @property
    def body(self) -> ErrorBody:
        """The body of the reply, or of the error event of a stream."""
        return ErrorBody(
            error=ErrorDetail(
                message=self.message, type=type_of(self.status), param=self.param, code=self.code
            )
        )

    def response(self, headers: Mapping[str, str] | None = None) -> JSONResponse:
        """Return the reply; for a missing key it names the expected scheme."""
        extra = {"WWW-Authenticate": "Bearer"} if self.status == 401 else {}
        if self.retry_after is not None:
            extra["Retry-After"] = str(self.retry_after)
        return JSONResponse(
            self.body.model_dump(), status_code=self.status, headers={**extra, **(headers or {})}
        )


INTERNAL_REPLY = ErrorReply(500, INTERNAL_ERROR, _INTERNAL_MESSAGE)


def reply_with(kind: type[CarrelError], message: str, param: str | None = None) -> ErrorReply:
    """Return the reply for an error of this kind, with a message without paths."""
    return ErrorReply(STATUS_CODES[kind], kind.code, message, param)


class ErrorReplies:
    """Converts errors to replies without paths of the machine."""

    def __init__(self, folders: Iterable[Path]) -> None:
        """Take the folders whose paths are replaced by their names in messages."""
        absolute = {path for each in folders for path in (each.absolute(), each.resolve())}
        # A folder within another is replaced before the outer one; a root has no name.
        ordered = sorted(absolute, key=lambda path: -len(str(path)))
        self._names = [(str(path), path.name) for path in ordered if path.name]

    def clean(self, message: str) -> str:
        """Return the message as one line, without absolute paths of the folders."""
        for path, name in self._names:
            message = message.replace(path, name)
        return " ".join(message.split())

    def of(self, error: CarrelError) -> ErrorReply:
        """Return the reply for an error of the tree."""
        reply = reply_with(type(error), self.clean(str(error)))
        return replace(reply, retry_after=_retry_after(error))


def _retry_after(error: CarrelError) -> int | None:
    """Return the ``Retry-After`` value in whole seconds."""
    if isinstance(error, errors.QueueFull):
        return max(1, math.ceil(error.retry_after))
    return LOADING_SECONDS if isinstance(error, errors.ModelNotReady) else None
