"""The settings of summaries and extraction."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from carrel.settings.section import Section


class SummarizationSettings(Section):
    """How documents are summarised, and how facts are extracted from them."""

    summary_style: Literal["auto", "written", "excerpts"] = Field(
        "auto",
        description="Summaries and extractions are 'written' by the model, or 'excerpts': the "
        "documents' own sentences, chosen without it. 'auto' takes excerpts where the model is "
        "small (below a billion weights).",
    )
    summary_part_tokens: int | None = Field(
        None,
        ge=128,
        le=10000000,
        description="Most tokens of a document that the model summarises at once; by default as "
        "many as its context takes.",
    )
    summary_parallel_parts: int = Field(
        8, ge=1, le=1024, description="Parts of one summary that the model works on at once."
    )
