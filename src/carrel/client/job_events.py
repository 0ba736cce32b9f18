"""Events of an ingestion job."""

from __future__ import annotations

from carrel.client.event_reader import EventReader
from carrel.schemas.jobs import JobEventBody


class JobEventReader(EventReader[JobEventBody]):
    """Parses the events of one job."""

    subject = "events"

    def _parsed(self, payload: bytes) -> JobEventBody:
        return JobEventBody.model_validate_json(payload)
