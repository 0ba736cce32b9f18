"""Sources of an answer, search results and search requests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, Field

from carrel.core.citations import CheckedSentence, Citation
from carrel.core.documents import Source
from carrel.core.errors import QueryTooLong
from carrel.core.request_limits import LONGEST_QUERY, require_short_query
from carrel.schemas.body import ReplyBody, RequestBody, Text
from carrel.schemas.refused import as_refusal

MOST_DOCUMENTS = 1000


class SourceBody(ReplyBody):
    """One source: ``index`` and ``page`` count from 1, ``quote`` is verbatim in ``text``.

    ``score`` is between 0 and 1 and comparable within one answer only. ``start`` is where ``text``
    starts within its page, in characters. ``used`` says whether the answer cites it.
    """

    index: int
    document: str
    document_id: str
    collection: str
    page: int | None
    score: float
    text: str
    quote: str
    start: int = 0
    used: bool = False

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
            start=source.start,
            used=source.used,
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
"""How many passages: 1 to 100, -1 for as many as fit the prompt; null is the setting."""

FilterText = Annotated[Text, Field(max_length=1000)]
"""A filter of documents, as ``carrel.services.document_filter`` reads it; empty for none."""


class CitationBody(ReplyBody):
    """A citation: ``source`` is the source's ``index``.

    ``start`` and ``end`` are the quote's character span within the source's text, ``page_start``
    and ``page_end`` that within its page.
    """

    source: int
    start: int
    end: int
    page_start: int
    page_end: int
    quote: str


class SentenceBody(ReplyBody):
    """A sentence of the answer: its character span, and its citations."""

    start: int
    end: int
    supported: bool
    citations: list[CitationBody]

    @classmethod
    def of(cls, sentence: CheckedSentence) -> SentenceBody:
        """Return the body of a core sentence."""
        return cls(
            start=sentence.start,
            end=sentence.end,
            supported=sentence.supported,
            citations=[
                CitationBody(
                    source=each.source.index,
                    start=each.start,
                    end=each.end,
                    page_start=each.page_start,
                    page_end=each.page_end,
                    quote=each.quote,
                )
                for each in sentence.citations
            ],
        )

    def to_core(self, answer: str, sources: Sequence[Source]) -> CheckedSentence:
        """Return the core sentence of the body, cut out of the answer.

        Raises:
            ValueError: it cites a source that does not exist.
        """
        known = {each.index: each for each in sources}
        for each in self.citations:
            if each.source not in known:
                raise ValueError(f"there is no source {each.source} to cite")
        citations = tuple(
            Citation(known[each.source], each.start, each.end) for each in self.citations
        )
        return CheckedSentence(answer[self.start : self.end], self.start, self.end, citations)


def short_query(query: str) -> str:
    """Return the query.

    Raises:
        PydanticCustomError: it is too long.
    """
    try:
        require_short_query(query)
    except QueryTooLong as error:
        raise as_refusal(error) from error
    return query


class SearchBody(RequestBody):
    """A search without a model; ``top_k`` defaults to the server's setting, -1 is all found.

    Empty ``ids`` means all documents of the collection, and a ``filter`` those that match it.
    """

    query: Annotated[Text, AfterValidator(short_query)] = Field(
        min_length=1, json_schema_extra={"maxLength": LONGEST_QUERY}
    )
    top_k: PassageCount = None
    ids: list[Text] = Field(default_factory=list, max_length=MOST_DOCUMENTS)
    filter: FilterText = ""


class SearchReply(ReplyBody):
    """The best passages, best first."""

    results: list[SourceBody]
