"""Types of summaries and extractions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from carrel.core.access import Principal
from carrel.core.chat import TextDelta

Pages = tuple[int, int]
"""First and last page, both counted from 1 and both included."""


class SummarizationStyle(StrEnum):
    """How a summary is made: ``WRITTEN`` by the model, or of sentences of the documents."""

    WRITTEN = "written"
    EXCERPTS = "excerpts"


@dataclass(frozen=True, slots=True)
class SummarizationRequest:
    """A request to summarise, or to extract facts.

    Empty ``document_ids`` means every ready document of the collections, by name. ``focus`` is
    the topic to concentrate on. ``max_tokens`` limits the final text, in tokens of the model;
    None takes the setting.
    """

    collections: tuple[str, ...]
    principal: Principal
    document_ids: tuple[str, ...] = ()
    focus: str = ""
    model: str | None = None
    max_tokens: int | None = None
    caller: str = ""


@dataclass(frozen=True, slots=True)
class SummarizationProgress:
    """Progress of a summary.

    Level 1 reads the parts of the documents, each further level joins the texts of the one before.
    ``parts_done`` of ``parts_total`` count within the level. ``seconds_left`` is an estimate for
    the level; None until there is one.
    """

    level: int
    parts_done: int
    parts_total: int
    seconds_left: float | None = None


@dataclass(frozen=True, slots=True)
class SummaryPart:
    """The summary of one part of a document; ``pages`` is None if the format has none."""

    document: str
    document_id: str
    pages: Pages | None
    text: str


@dataclass(frozen=True, slots=True)
class Summarized:
    """The last event of a summary: the whole text and its parts, in reading order.

    ``model`` is None if no model was used. ``cut`` says that the final text reached the maximum
    length.
    """

    text: str
    parts: tuple[SummaryPart, ...]
    style: SummarizationStyle
    model: str | None = None
    cut: bool = False


@dataclass(frozen=True, slots=True)
class ExtractedItem:
    """One fact found in the documents; ``quote`` is verbatim on the page."""

    text: str
    document: str
    document_id: str
    page: int | None
    quote: str


@dataclass(frozen=True, slots=True)
class Extracted:
    """The last event of an extraction, in reading order.

    ``unsupported`` counts what the model named but the documents do not say: it was left out.
    """

    items: tuple[ExtractedItem, ...]
    style: SummarizationStyle
    model: str | None = None
    unsupported: int = 0


SummaryEvent = SummarizationProgress | TextDelta | Summarized
ExtractionEvent = SummarizationProgress | Extracted
