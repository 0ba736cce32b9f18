"""Summaries and extractions: requests, replies and events."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from carrel.core.summaries import (
    Extracted,
    ExtractedItem,
    SummarizationProgress,
    SummarizationStyle,
    Summarized,
    SummaryPart,
)
from carrel.schemas.body import ReplyBody, RequestBody, Text

MOST_DOCUMENTS = 1000
Style = Literal["written", "excerpts"]


class SummarizationBody(RequestBody):
    """Requests a summary or an extraction; without ``documents`` the whole collection is read."""

    documents: Annotated[list[Text], Field(max_length=MOST_DOCUMENTS)] = Field(default_factory=list)
    focus: Text = Field("", max_length=4000)
    model: Text | None = Field(None, min_length=1)
    max_tokens: int | None = Field(None, ge=1, le=131072)
    stream: bool = False


class SummaryPartBody(ReplyBody):
    """The summary of one part; ``pages`` are its first and last, null in formats without pages."""

    document: str
    document_id: str
    pages: tuple[int, int] | None
    text: str

    @classmethod
    def of(cls, part: SummaryPart) -> SummaryPartBody:
        """Return the body of a core part."""
        return cls(
            document=part.document,
            document_id=part.document_id,
            pages=part.pages,
            text=part.text,
        )


class SummaryBody(ReplyBody):
    """A summary. ``model`` is null if it consists of sentences of the documents (``excerpts``)."""

    text: str
    parts: list[SummaryPartBody]
    style: Style
    model: str | None
    finish_reason: Literal["stop", "length"]

    @classmethod
    def of(cls, summary: Summarized) -> SummaryBody:
        """Return the body of a core summary."""
        return cls(
            text=summary.text,
            parts=[SummaryPartBody.of(each) for each in summary.parts],
            style=summary.style.value,
            model=summary.model,
            finish_reason="length" if summary.cut else "stop",
        )

    def to_core(self) -> Summarized:
        """Return the core summary of the body."""
        parts = (SummaryPart(**each.model_dump()) for each in self.parts)
        cut = self.finish_reason == "length"
        return Summarized(self.text, tuple(parts), SummarizationStyle(self.style), self.model, cut)


class ExtractedItemBody(ReplyBody):
    """One fact that was found; ``quote`` is verbatim on the page."""

    text: str
    document: str
    document_id: str
    page: int | None
    quote: str

    @classmethod
    def of(cls, item: ExtractedItem) -> ExtractedItemBody:
        """Return the body of a core item."""
        return cls(
            text=item.text,
            document=item.document,
            document_id=item.document_id,
            page=item.page,
            quote=item.quote,
        )


class ExtractionBody(ReplyBody):
    """The extracted facts; ``unsupported`` counts what the model named but no document says."""

    items: list[ExtractedItemBody]
    style: Style
    model: str | None
    unsupported: int

    @classmethod
    def of(cls, extracted: Extracted) -> ExtractionBody:
        """Return the body of a core extraction."""
        return cls(
            items=[ExtractedItemBody.of(each) for each in extracted.items],
            style=extracted.style.value,
            model=extracted.model,
            unsupported=extracted.unsupported,
        )

    def to_core(self) -> Extracted:
        """Return the core extraction of the body."""
        items = (ExtractedItem(**each.model_dump()) for each in self.items)
        return Extracted(tuple(items), SummarizationStyle(self.style), self.model, self.unsupported)


class SummarizationProgressBody(ReplyBody):
    """Progress of a level; ``seconds_left`` is null until there is an estimate."""

    level: int
    parts_done: int
    parts_total: int
    seconds_left: float | None

    @classmethod
    def of(cls, progress: SummarizationProgress) -> SummarizationProgressBody:
        """Return the body of core's progress."""
        return cls(
            level=progress.level,
            parts_done=progress.parts_done,
            parts_total=progress.parts_total,
            seconds_left=progress.seconds_left,
        )

    def to_core(self) -> SummarizationProgress:
        """Return core's progress."""
        return SummarizationProgress(**self.model_dump())


class SummarizationEventBody(ReplyBody):
    """One event of a stream: exactly one of its keys is present."""

    progress: SummarizationProgressBody | None = None
    delta: str | None = None
    summary: SummaryBody | None = None
    extraction: ExtractionBody | None = None
