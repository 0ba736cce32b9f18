"""Events of a summary or an extraction, as they come."""

from __future__ import annotations

from pydantic import ValidationError

from carrel.client.failures import ApiError, error_of
from carrel.client.streams import DATA, DONE
from carrel.core.chat import TextDelta
from carrel.core.errors import RemoteUnavailable
from carrel.core.summaries import DigestProgress, Extracted, Summarized
from carrel.wire.digests import DigestEventBody
from carrel.wire.errors import ErrorBody

DigestEvent = DigestProgress | TextDelta | Summarized | Extracted


class DigestEventReader:
    """Reads server-sent events from bytes, however the network cuts them."""

    def __init__(self) -> None:
        self._rest = b""
        self._done = False

    def feed(self, data: bytes) -> list[DigestEvent]:
        """Return the events that are complete now.

        Raises:
            CarrelError: the server reports an error.
            ApiError: the stream is not one of Carrel's.
        """
        *lines, self._rest = (self._rest + data).split(b"\n")
        payloads = [line.removeprefix(DATA).strip() for line in lines if line.startswith(DATA)]
        self._done = self._done or DONE in payloads
        return [_event(each) for each in payloads if each != DONE]

    def end(self) -> None:
        """Check that the stream is whole.

        Raises:
            RemoteUnavailable: it ended early.
        """
        if not self._done:
            raise RemoteUnavailable("The digest broke off: the server closed the connection.")


def _event(payload: bytes) -> DigestEvent:
    try:
        if payload.startswith(b'{"error"'):
            raise error_of(ErrorBody.model_validate_json(payload).error, None)
        body = DigestEventBody.model_validate_json(payload)
    except ValidationError as error:
        raise ApiError("The stream is not one of Carrel's.", None, None) from error
    if body.progress is not None:
        return body.progress.to_core()
    if body.summary is not None:
        return body.summary.to_core()
    if body.extraction is not None:
        return body.extraction.to_core()
    return TextDelta(body.delta or "")
