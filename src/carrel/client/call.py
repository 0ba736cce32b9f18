"""A request and the parser of its reply, independent of the transport."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, ValidationError

from carrel.client.failures import CLASSES, ApiError, error_of_reply
from carrel.core.errors import InvalidRequest

Result = TypeVar("Result")
Body = TypeVar("Body", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Call(Generic[Result]):
    """A request. ``read`` takes status and content of any reply, and raises core errors.

    ``patient`` calls have no timeout, because the server processes documents or loads a model.
    ``asks`` marks read-only calls, whatever their method. ``tells_state`` is a call whose refusal
    is its answer.
    """

    method: str
    path: str
    read: Callable[[int, bytes], Result]
    body: BaseModel | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    files: Sequence[tuple[str, Path]] = ()
    patient: bool = False
    asks: bool = False
    tells_state: bool = False

    @property
    def only_reads(self) -> bool:
        """Whether it is safe to send it twice."""
        return self.asks or self.method == "GET"

    @property
    def content(self) -> bytes | None:
        """The JSON of the body, without unset fields."""
        if self.body is None:
            return None
        return json.dumps(self.body.model_dump(mode="json", exclude_unset=True)).encode()


def made(body: type[Body], **fields: Any) -> Body:
    """Return a request body.

    Raises:
        InvalidRequest: a field is invalid; the message names it.
    """
    try:
        return body(**fields)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(each) for each in first["loc"])
        kind = CLASSES.get(first["type"], InvalidRequest)
        raise kind(f"'{place}': {first['msg'].removesuffix('.')}.") from error


def reads(body: type[Body], result: Callable[[Body], Result]) -> Callable[[int, bytes], Result]:
    """Return a parser of successful replies with this body."""

    def read(status: int, content: bytes) -> Result:
        if status >= 400:
            raise error_of_reply(status, content)
        return result(parsed(body, status, content))

    return read


def parsed(body: type[Body], status: int, content: bytes) -> Body:
    """Return the body of a reply.

    Raises:
        ApiError: it is not a reply of Carrel.
    """
    try:
        return body.model_validate_json(content)
    except ValidationError as error:
        message = "The server's reply is not one of Carrel's: is the address right?"
        raise ApiError(message, status, None) from error


def in_collection(name: str, *rest: str) -> str:
    """Return the path of a collection or below it; any name is valid."""
    parts = ("v1", "collections", name, *rest)
    return "/" + "/".join(quote(part, safe="") for part in parts)
