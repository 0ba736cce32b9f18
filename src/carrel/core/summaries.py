"""Documents summarised, and what is extracted from them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from carrel.core.access import Principal
from carrel.core.chat import TextDelta

Pages = tuple[int, int]
"""First and last page, both counted from 1 and both included."""


class SummarizationStyle(StrEnum):
    """How a summary was made: ``WRITTEN`` by the model, or of the documents' own sentences."""

    WRITTEN = "written"
    EXCERPTS = "excerpts"


@dataclass(frozen=True, slots=True)
class SummarizationRequest:
    """What to summarise, or to extract from.

    An empty ``document_ids`` means every ready document of the collections, by name. ``focus`` says
    what to pay heed to. ``max_tokens`` is the longest final text, in tokens of the model; None
    takes the setting.
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
    """How far a summary has come.

    ``level`` 1 reads the parts of the documents, each further one joins the texts of the level
    before. ``parts_done`` of ``parts_total`` count within the level. ``seconds_left`` is an
    estimate for the level; None until there is one.
    """

    level: int
    parts_done: int
    parts_total: int
    seconds_left: float | None = None


@dataclass(frozen=True, slots=True)
class SummaryPart:
    """The summary of one part of a document; ``pages`` is None where the format has none."""

    document: str
    document_id: str
    pages: Pages | None
    text: str


@dataclass(frozen=True, slots=True)
class Summarized:
    """The last event of a summary: the whole text, and what it was made of, in reading order.

    ``model`` is None where no model was asked. ``cut`` says that the final text reached its
    longest length.
    """

    text: str
    parts: tuple[SummaryPart, ...]
    style: SummarizationStyle
    model: str | None = None
    cut: bool = False


@dataclass(frozen=True, slots=True)
class ExtractedItem:
    """One thing found in the documents; ``quote`` stands word for word on the page."""

    text: str
    document: str
    document_id: str
    page: int | None
    quote: str


@dataclass(frozen=True, slots=True)
class Extracted:
    """The last event of an extraction, in reading order.

    ``unsupported`` counts what the model named and the documents do not say: it was left out.
    """

    items: tuple[ExtractedItem, ...]
    style: SummarizationStyle
    model: str | None = None
    unsupported: int = 0


SummaryEvent = SummarizationProgress | TextDelta | Summarized
ExtractionEvent = SummarizationProgress | Extracted
