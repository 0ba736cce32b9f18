"""What decides how a file is cut into chunks."""

from __future__ import annotations

from carrel import __version__
from carrel.settings.document_settings import DocumentSettings


def reading_fingerprint(documents: DocumentSettings) -> str:
    """Return what, besides a file itself, decides how it is cut into chunks."""
    cut = (documents.chunk_size, documents.chunk_overlap, documents.embedder)
    recognised = (documents.ocr, documents.ocr_languages)
    return " ".join(["carrel", __version__, *map(str, (*cut, *recognised))])
