"""Readers of files in this process, without a data folder."""

from __future__ import annotations

from pathlib import Path

from carrel.core.protocols.reading import ReaderRegistry
from carrel.core.wiki import WikiDump
from carrel.ingest.registry import chosen_registry


def reader_registry() -> ReaderRegistry:
    """Return the readers of all formats that are installed, to check which files can be read."""
    return chosen_registry()


def wiki_dump(path: Path, views: Path | None = None, least_views: int = 0) -> WikiDump:
    """Return a wiki dump, optionally only its articles with so many page views.

    Raises:
        PathNotFound: there is no such file.
        UnreadableDocument: it is not a dump.
    """
    # Imported here: checking which files can be read does not need the parser of wikis.
    from carrel.ingest.wiki.wiki_volumes import ExportedWiki

    return ExportedWiki(path, views, least_views)
