"""Settings of fetching documents from the web."""

from __future__ import annotations

from pydantic import Field

from carrel.settings.section import Section


class WebSettings(Section):
    """Limits of fetching from the web; with 'offline' nothing is fetched."""

    max_fetch_seconds: float = Field(
        60, ge=1, le=3600, description="Time limit in seconds for one document."
    )
    max_crawl_pages: int = Field(
        100, ge=1, le=100000, description="Maximum addresses of one request."
    )
    max_crawl_megabytes: float = Field(
        500, gt=0, le=1000000, description="Maximum megabytes of one request in total."
    )
    max_crawl_seconds: float = Field(
        900, ge=1, le=86400, description="Time limit in seconds of one request in total."
    )
