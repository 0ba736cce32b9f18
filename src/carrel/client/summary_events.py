"""Events of a summary or an extraction."""

from __future__ import annotations

from carrel.client.event_reader import EventReader
from carrel.core.chat import TextDelta
from carrel.core.summaries import Extracted, SummarizationProgress, Summarized
from carrel.schemas.summaries import SummarizationEventBody

SummarizationEvent = SummarizationProgress | TextDelta | Summarized | Extracted


class SummarizationEventReader(EventReader[SummarizationEvent]):
    """Parses the events of one summary."""

    subject = "summary"

    def _parsed(self, payload: bytes) -> SummarizationEvent:
        body = SummarizationEventBody.model_validate_json(payload)
        if body.progress is not None:
            return body.progress.to_core()
        if body.summary is not None:
            return body.summary.to_core()
        if body.extraction is not None:
            return body.extraction.to_core()
        return TextDelta(body.delta or "")
