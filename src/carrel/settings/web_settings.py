"""The settings of fetching documents from the web."""

from __future__ import annotations

from pydantic import Field

from carrel.settings.section import Section


class WebSettings(Section):
    """How much may be fetched from the web; with 'offline' nothing is."""

    max_fetch_seconds: float = Field(
        60, ge=1, le=3600, description="Seconds that fetching one document may take."
    )
    max_crawl_pages: int = Field(
        100, ge=1, le=100000, description="Addresses that one request may fetch."
    )
    max_crawl_megabytes: float = Field(
        500, gt=0, le=1000000, description="Megabytes that one request may fetch in all."
    )
    max_crawl_seconds: float = Field(
        900, ge=1, le=86400, description="Seconds that one request may fetch in all."
    )
