"""Documents: sections, chunks, sources and catalog records."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from carrel.core.document_properties import NOTHING_STATED, DocumentProperties
from carrel.core.errors import RemoteUnavailable, StorageFull

MY_DATA = "MyData"
USER_DATA = "UserData"

READABLE = (
    "PDF, Office and OpenDocument files, books, mail, calendars, contacts, subtitles, web pages, "
    "pictures, tables, Markdown, plain text, source code and archives of these"
)
"""The supported formats, for error messages and the page."""


@dataclass(frozen=True, slots=True)
class Section:
    """A section of text as read from a file.

    ``page`` counts from 1 (slide of a presentation, sheet of a workbook); None if the format has
    no pages. ``heading`` is the nearest heading above the text. ``page_count`` is the number of
    pages, if the reader knows it in advance. ``remarks`` list what the reader has skipped so far,
    with the reasons. ``properties`` are those of the whole file, with one section of it. Equality
    ignores the last three.
    """

    text: str
    page: int | None = None
    heading: str | None = None
    page_count: int | None = field(default=None, compare=False)
    remarks: tuple[str, ...] = field(default=(), compare=False)
    properties: DocumentProperties = field(default=NOTHING_STATED, compare=False)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of one section, small enough to embed.

    ``start`` and ``end`` are the character span inside ``Section.text``.
    """

    text: str
    page: int | None
    heading: str | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stored piece of a document: what is embedded, searched, and cited.

    ``ordinal`` counts from 0 in reading order. ``start`` and ``end`` are the character span
    within the page (or within the section where the format has no pages).
    """

    id: str
    document_id: str
    ordinal: int
    text: str
    page: int | None = None
    heading: str | None = None
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class RetrievedChunk:
    """A chunk found by a search, with the name of its document.

    ``score`` is between 0 and 1, higher is better, and comparable only within one search.
    ``evidence``, also between 0 and 1, is how much of the question the text answers; it is
    comparable across searches with one embedder.
    """

    chunk: Chunk
    document_name: str
    collection: str
    score: float
    evidence: float = 0.0


@dataclass(frozen=True, slots=True)
class Source:
    """One numbered source of an answer; ``quote`` is verbatim from ``text``.

    ``start`` is where ``text`` starts within its page (or its section where there are no pages), in
    characters. ``used`` says whether a sentence of the answer cites it.
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


@dataclass(frozen=True, slots=True)
class PageView:
    """A page preview: ``page`` counts from 1, ``width`` is in pixels, ``quote`` is highlighted."""

    page: int
    width: int = 1200
    quote: str = ""


@dataclass(frozen=True, slots=True)
class PagePicture:
    """A page rendered as PNG.

    ``pages`` is how many the document has; ``marked`` says whether the quote was found on it.
    """

    content: bytes
    pages: int
    marked: bool


@dataclass(frozen=True, slots=True)
class Passage:
    """A quote in its context: ``text[start:end]`` is the quote, verbatim.

    It is passage ``number`` (from 1) of the document's ``count``.
    """

    text: str
    start: int
    end: int
    page: int | None
    heading: str | None
    number: int = 1
    count: int = 1


class DocumentStatus(StrEnum):
    """Status of a document. Only a ready one is searched."""

    PENDING = "pending"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """A document in the catalog. ``bytes`` is the size of the original file.

    The indexes store its chunks under ``index_id``, which changes with each reading. ``sha256`` is
    empty for a failed document whose original is not kept. ``reason`` is why it failed, or what
    was left out of a ready one. ``properties`` are what the file states about itself.
    """

    id: str
    collection_id: str
    name: str
    sha256: str
    bytes: int
    status: DocumentStatus
    added_at: datetime
    pages: int | None = None
    chunks: int = 0
    reason: str | None = None
    indexed_as: str | None = None
    properties: DocumentProperties = NOTHING_STATED

    @property
    def index_id(self) -> str:
        """The id of the document in the indexes."""
        return self.indexed_as or self.id

    @property
    def has_original(self) -> bool:
        """Whether the original file is kept."""
        return self.status is DocumentStatus.READY or (
            self.status is DocumentStatus.FAILED and bool(self.sha256)
        )


@dataclass(frozen=True, slots=True)
class Collection:
    """A named set of documents. The ``id`` is safe as a folder and index name, ``name`` is not."""

    id: str
    name: str
    shared: bool
    owner: str


@dataclass(frozen=True, slots=True)
class CollectionContents:
    """Statistics of a collection: documents by status, chunks, and bytes of stored originals."""

    documents: int = 0
    ready: int = 0
    failed: int = 0
    chunks: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class IncomingFile:
    """A file to ingest: the path of its bytes, and its name.

    With ``document_id`` it is the original of that document, which is read again.
    """

    path: Path
    name: str
    content_type: str | None = None
    document_id: str | None = None


class OutcomeKind(StrEnum):
    """Result of ingesting one file."""

    ADDED = "added"
    REPLACED = "replaced"
    UNCHANGED = "unchanged"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """Result of ingesting one file. ``code`` and ``reason`` are set if it failed.

    For a file that was ingested in part, ``reason`` names the part left out.
    """

    name: str
    kind: OutcomeKind
    document: DocumentRecord | None = None
    code: str | None = None
    reason: str | None = None

    @property
    def may_go_in_later(self) -> bool:
        """Whether the failure is not the file's fault: a full disk, or a server that was down."""
        return self.code in (StorageFull.code, RemoteUnavailable.code)


@dataclass(frozen=True, slots=True)
class IngestionProgress:
    """Progress of a batch of files.

    ``pages_read`` and ``page_count`` (None if unknown) belong to the ``current`` file. ``seconds``
    counts from the first file. ``share`` is the fraction of all bytes that is done, and
    ``seconds_left`` an estimate from it; None until there is one.
    """

    files_done: int
    files_total: int
    chunks: int
    current: str | None = None
    pages_read: int = 0
    seconds_left: float | None = None
    page_count: int | None = None
    seconds: float = 0.0
    share: float = 0.0

    @property
    def chunks_per_second(self) -> float | None:
        """Chunks per second so far; None before the first chunk."""
        return self.chunks / self.seconds if self.chunks and self.seconds > 0 else None


IngestionEvent = IngestionProgress | FileOutcome
