"""Sources of an answer, results of a search, and the body that asks for them."""

from __future__ import annotations

from pydantic import Field

from carrel.core.documents import Source
from carrel.wire.body import ReplyBody, RequestBody, Text


class SourceBody(ReplyBody):
    """One source: ``index`` and ``page`` count from 1, ``quote`` stands verbatim in ``text``.

    ``score`` is between 0 and 1 and comparable within one answer only.
    """

    index: int
    document: str
    document_id: str
    collection: str
    page: int | None
    score: float
    text: str
    quote: str

    @classmethod
    def of(cls, source: Source) -> SourceBody:
        """Return the body of a core source."""
        return cls(
            index=source.index,
            document=source.document,
            document_id=source.document_id,
            collection=source.collection,
            page=source.page,
            score=source.score,
            text=source.text,
            quote=source.quote,
        )

    def to_core(self) -> Source:
        """Return the core source of the body."""
        return Source(**self.model_dump())


class SearchBody(RequestBody):
    """A search without a model; ``top_k`` falls back to the server's setting."""

    query: Text = Field(min_length=1)
    top_k: int | None = Field(None, ge=1, le=100)


class SearchReply(ReplyBody):
    """The best passages, best first."""

    results: list[SourceBody]
