"""Sources of an answer, results of a search, and the body that asks for them."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

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


def some_passages(count: int | None) -> int | None:
    """Return the count.

    Raises:
        ValueError: it is 0.
    """
    if count == 0:
        raise ValueError("0 asks for no passage: give 1 to 100, or -1 for all that fit")
    return count


PassageCount = Annotated[
    int | None,
    Field(ge=-1, le=100),
    AfterValidator(some_passages),
]
"""How many passages: 1 to 100, -1 for as many as the prompt has room for; null is the setting."""


class SearchBody(RequestBody):
    """A search without a model; ``top_k`` falls back to the server's setting, -1 is all found."""

    query: Text = Field(min_length=1)
    top_k: PassageCount = None


class SearchReply(ReplyBody):
    """The best passages, best first."""

    results: list[SourceBody]
