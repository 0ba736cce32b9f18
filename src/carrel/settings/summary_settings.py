"""Settings of summaries and extractions."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from carrel.settings.section import Section


class SummarizationSettings(Section):
    """How documents are summarised and facts extracted."""

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
        description="Maximum tokens of a document that are summarised in one prompt; by default as "
        "many as the model's context allows.",
    )
    summary_parallel_parts: int = Field(
        8, ge=1, le=1024, description="Concurrent prompts of one summary."
    )
