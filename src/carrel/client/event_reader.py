"""Parser of server-sent events."""

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
    """Parses server-sent events from bytes in arbitrary pieces."""

    subject: ClassVar[str]
    """Name of the stream, for messages."""

    def __init__(self) -> None:
        self._rest = b""
        self._done = False

    def feed(self, data: bytes) -> list[Event]:
        """Return the events that are complete now.

        Raises:
            CarrelError: the server reports an error.
            ApiError: it is not a stream of Carrel.
        """
        *lines, self._rest = (self._rest + data).split(b"\n")
        payloads = [line.removeprefix(DATA).strip() for line in lines if line.startswith(DATA)]
        self._done = self._done or DONE in payloads
        return [self._event(each) for each in payloads if each != DONE]

    def end(self) -> None:
        """Check that the stream is complete.

        Raises:
            RemoteUnavailable: it ended early.
        """
        if not self._done:
            raise RemoteUnavailable(
                f"The {self.subject} ended early: the server closed the connection."
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
        """Parse an event; may raise ``ValidationError``."""
