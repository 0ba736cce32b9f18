"""A data folder with documents in it, and what is in its files."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from carrel.bootstrap import Application
from carrel.core.access import Principal
from carrel.core.chat import Scope
from carrel.core.documents import USER_DATA, IncomingFile
from carrel.settings.schema import Settings
from running.shared_readers import build
from tiny.counting_embedder import CountingEmbedder

ME = Principal()


@asynccontextmanager
async def opened(
    settings: Settings, embedder: CountingEmbedder, reported: list[tuple[int, int]] | None = None
) -> AsyncIterator[Application]:
    """Open a data folder as a server does; ``reported`` receives the progress of rebuilding."""

    def rebuilding(done: int, total: int) -> None:
        if reported is not None:
            reported.append((done, total))

    application = build(settings, embedder, rebuilding=rebuilding)
    try:
        yield application
    finally:
        await application.close()


def word(number: int) -> str:
    """The word that is only in the document of this number."""
    return f"marker{number}zebra"


async def add(application: Application, numbers: range, source: Path) -> None:
    """Ingest a document of several chunks for each number."""
    source.mkdir(exist_ok=True)
    files = []
    for number in numbers:
        path = source / f"d{number}.txt"
        paragraphs = (f"{word(number)} heron {each} {'x' * 60}" for each in range(5))
        path.write_text("\n\n".join(paragraphs))
        files.append(IncomingFile(path, path.name))
    async for _ in application.services.ingestion.ingest(files, USER_DATA, ME):
        pass


async def found(application: Application, numbers: range) -> list[int]:
    """Return the numbers whose documents a search finds, through both indexes."""
    services = application.services
    collection = await services.collections.get(USER_DATA, ME)
    vectors, keywords = application.indexes.vectors, application.indexes.keywords
    there = vectors.document_ids(collection.id) & keywords.document_ids(collection.id)
    seen = []
    for number in numbers:
        best = await services.retrieval.search(word(number), Scope((USER_DATA,), (), 1), ME)
        hits = keywords.search(collection.id, word(number), 9)
        if best and best[0].document_name == f"d{number}.txt" and len(hits) == 5:
            seen.append(number)
    documents = await services.collections.documents(USER_DATA, ME)
    assert {each.index_id for each in documents if each.chunks} == there
    assert vectors.count(collection.id) == keywords.count(collection.id) == 5 * len(there)
    return seen


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder, but for the lock, with what it holds."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }
