"""Server-sent events out of bytes, whatever they hold."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Generic, TypeVar

from pydantic import ValidationError

from carrel.client.failures import ApiError, error_of
from carrel.client.streams import DATA, DONE
from carrel.core.errors import RemoteUnavailable
from carrel.schemas.errors import ErrorBody

Event = TypeVar("Event")


class EventReader(ABC, Generic[Event]):
    """Reads server-sent events from bytes, however the network cuts them."""

    subject: ClassVar[str]
    """What the events are of, for a message."""

    def __init__(self) -> None:
        self._rest = b""
        self._done = False

    def feed(self, data: bytes) -> list[Event]:
        """Return the events that are complete now.

        Raises:
            CarrelError: the server reports an error.
            ApiError: the stream is not one of Carrel's.
        """
        *lines, self._rest = (self._rest + data).split(b"\n")
        payloads = [line.removeprefix(DATA).strip() for line in lines if line.startswith(DATA)]
        self._done = self._done or DONE in payloads
        return [self._event(each) for each in payloads if each != DONE]

    def end(self) -> None:
        """Check that the stream is whole.

        Raises:
            RemoteUnavailable: it ended early.
        """
        if not self._done:
            raise RemoteUnavailable(
                f"The {self.subject} broke off: the server closed the connection."
            )

    def _event(self, payload: bytes) -> Event:
        try:
            if payload.startswith(b'{"error"'):
                raise error_of(ErrorBody.model_validate_json(payload).error, None)
            return self._parsed(payload)
        except ValidationError as error:
            raise ApiError("The stream is not one of Carrel's.", None, None) from error

    @abstractmethod
    def _parsed(self, payload: bytes) -> Event:
        """Return the event of a payload; what it raises is a ``ValidationError``."""
