"""Documents and uploads."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from carrel.core.document_properties import DocumentProperties
from carrel.core.documents import DocumentRecord, DocumentStatus, FileOutcome, Passage
from carrel.core.web import WebRequest
from carrel.schemas.body import ReplyBody, RequestBody, Text, require_encodable


class PropertiesBody(ReplyBody):
    """What a file states about itself; null or empty where it states nothing.

    Dates are in ISO 8601, as exact as the file has them. The author of a mail is its sender, its
    title the subject.
    """

    title: str | None = None
    authors: list[str] = Field(default_factory=list)
    created: str | None = None
    modified: str | None = None
    keywords: list[str] = Field(default_factory=list)
    language: str | None = None

    def to_core(self) -> DocumentProperties:
        """Return the properties."""
        return DocumentProperties.of(self.model_dump())


class DocumentBody(ReplyBody):
    """A document. ``pages`` is null for formats without pages.

    ``reason`` is why it failed, or what was left out of a ready one; else null.
    """

    id: str
    name: str
    bytes: int
    pages: int | None
    chunks: int
    status: Literal["pending", "ready", "failed"]
    reason: str | None
    added_at: datetime
    properties: PropertiesBody = PropertiesBody()

    @classmethod
    def of(cls, record: DocumentRecord) -> DocumentBody:
        """Return the body of a catalog record."""
        return cls(
            id=record.id,
            name=record.name,
            bytes=record.bytes,
            pages=record.pages,
            chunks=record.chunks,
            status=record.status.value,
            reason=record.reason,
            added_at=record.added_at,
            properties=PropertiesBody.model_validate(record.properties.values()),
        )

    def to_core(self) -> DocumentRecord:
        """Return the record, without what only the server knows."""
        return DocumentRecord(
            id=self.id,
            collection_id="",
            name=self.name,
            sha256="",
            bytes=self.bytes,
            status=DocumentStatus(self.status),
            added_at=self.added_at,
            pages=self.pages,
            chunks=self.chunks,
            reason=self.reason,
            properties=self.properties.to_core(),
        )


class DocumentList(ReplyBody):
    """The documents of a collection, by name."""

    documents: list[DocumentBody]


class DeletedDocument(ReplyBody):
    """Confirms a deletion."""

    id: str
    deleted: bool = True


class TextDocument(RequestBody):
    """Pasted text as a document. ``.txt`` is added to a ``name`` without a text suffix."""

    name: Text = Field(min_length=1, max_length=200)
    text: Text = Field(min_length=1)


Address = Annotated[str, Field(min_length=1, max_length=4096), AfterValidator(require_encodable)]
"""A web address; the scheme may be omitted."""


class WebDocuments(RequestBody):
    """Documents to fetch: one ``url``, with its site to a ``depth`` of links, or several ``urls``.

    An address may be written without ``https://``, and a paper of arXiv as ``arxiv:ID``.
    """

    url: Address | None = None
    urls: list[Address] | None = Field(None, min_length=1, max_length=1000)
    depth: int = Field(0, ge=0, le=20)

    @model_validator(mode="after")
    def _one_form(self) -> WebDocuments:
        if (self.url is None) == (self.urls is None):
            raise ValueError("give either 'url' or 'urls'")
        if self.urls is not None and self.depth:
            raise ValueError("'depth' needs 'url': fetch one site at a time")
        return self

    def to_core(self) -> WebRequest:
        """Return the request."""
        return WebRequest(tuple(self.urls or (self.url or "",)), self.depth)


class Reingest(RequestBody):
    """Reads documents again: ``documents`` by their ids, or all that ``failed``."""

    documents: list[Text] | None = Field(None, min_length=1, max_length=10_000)
    failed: bool = False

    @model_validator(mode="after")
    def _one_form(self) -> Reingest:
        if (self.documents is None) != self.failed:
            raise ValueError("give either 'documents' or 'failed': true")
        return self


class FailedFile(ReplyBody):
    """A file that was refused; ``code`` is an error code."""

    name: str
    code: str
    reason: str

    @classmethod
    def of(cls, outcome: FileOutcome) -> FailedFile:
        """Return the body of a failed outcome."""
        return cls(name=outcome.name, code=outcome.code or "error", reason=outcome.reason or "")


class OutcomeBody(ReplyBody):
    """Result of one file; ``unchanged`` means the collection has it already, byte for byte.

    ``reason`` is why it failed, or what was left out; else null.
    """

    name: str
    outcome: Literal["added", "replaced", "unchanged", "failed"]
    document_id: str | None = None
    code: str | None = None
    reason: str | None = None

    @classmethod
    def of(cls, outcome: FileOutcome) -> OutcomeBody:
        """Return the body of an outcome."""
        return cls(
            name=outcome.name,
            outcome=outcome.kind.value,
            document_id=outcome.document.id if outcome.document else None,
            code=outcome.code,
            reason=outcome.reason,
        )


class UploadReply(ReplyBody):
    """Result of a synchronous upload; ``outcomes`` has one entry per file."""

    documents: list[DocumentBody]
    failed: list[FailedFile]
    outcomes: list[OutcomeBody]


class AcceptedReply(ReplyBody):
    """The names that are ingested in the background, and the files that were refused at once.

    ``job`` is the id to follow at ``/v1/jobs``.
    """

    job: str
    accepted: list[str]
    failed: list[FailedFile]


class PassageBody(ReplyBody):
    """A quote in its context: ``start`` and ``end`` are its span there."""

    document: str
    document_id: str
    page: int | None
    heading: str | None
    text: str
    start: int
    end: int

    @classmethod
    def of(cls, record: DocumentRecord, passage: Passage) -> PassageBody:
        """Return the body of a passage of a document."""
        return cls(
            document=record.name,
            document_id=record.id,
            page=passage.page,
            heading=passage.heading,
            text=passage.text,
            start=passage.start,
            end=passage.end,
        )
