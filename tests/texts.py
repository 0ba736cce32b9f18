"""Putting short texts into a collection of an application."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from carrel.bootstrap import Application
from carrel.core.access import Principal
from carrel.core.documents import FileOutcome, IncomingFile


async def ingest_texts(
    application: Application, texts: Mapping[str, str], collection: str = "UserData"
) -> dict[str, str]:
    """Ingest each text under its name and return the document ids by name."""
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for index, (name, text) in enumerate(texts.items()):
            path = Path(folder) / str(index)
            path.write_text(text, encoding="utf-8")
            files.append(IncomingFile(path, name))
        ids = {}
        async for event in application.services.ingestion.ingest(files, collection, Principal()):
            if isinstance(event, FileOutcome):
                assert event.document is not None, event
                ids[event.name] = event.document.id
        return ids
