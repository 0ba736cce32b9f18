"""Ingests in a process that may be killed at any moment: the program of ``test_kill.py``.

Everything is imported once; then each line ``{"data", "db_type"}`` on standard input starts a child
by ``fork``, which opens the data folder, tells what it found, and resumes the job, or begins
it. It writes JSON lines: ``{"pid"}``, and from the child ``{"kept", "embedded", "faults"}`` and
``{"ended"}``.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import chromadb  # noqa: F401 - imported here, so that a child has it at once
import faiss  # noqa: F401
import structlog

from carrel import bootstrap
from carrel.bootstrap import Application
from carrel.core.access import Principal
from carrel.core.documents import DocumentStatus, IncomingFile
from carrel.core.indexed_text import indexed_text
from carrel.core.protocols.adapters import Catalog
from carrel.settings.load import load_settings
from carrel.storage.catalog import SqliteCatalog
from carrel.storage.database import Database
from tiny.counting_embedder import CountingEmbedder, digest

ME = Principal()


def tell(**line: Any) -> None:
    """Write a line at once."""
    os.write(1, json.dumps(line).encode() + b"\n")


def faults_of(application: Application, catalog: Catalog) -> list[str]:
    """Return where the stores do not agree."""
    indexes = application.indexes
    faults: list[str] = []
    for collection in catalog.collections():
        documents = catalog.documents(collection.id)
        listed = {each.id for each in documents if each.status is not DocumentStatus.FAILED}
        for index in (indexes.vectors, indexes.keywords):
            name = type(index).__name__
            if strangers := index.document_ids(collection.id) - listed:
                faults.append(f"{name} holds {strangers}, which the catalog does not")
        for each in documents:
            if each.status is DocumentStatus.FAILED:
                faults.append(f"{each.name} failed: {each.reason}")
            if each.status is not DocumentStatus.READY:
                continue
            chunks = catalog.document_chunks(each.id)
            found = indexes.vectors.vectors(collection.id, [chunk.id for chunk in chunks])
            if len(chunks) != each.chunks or len(found) != each.chunks:
                faults.append(f"{each.name}: {each.chunks}, {len(chunks)}, {len(found)} chunks")
    return faults


def kept_texts(application: Application, catalog: Catalog) -> list[str]:
    """Return the digests of the texts whose vectors are stored: none has to be embedded again."""
    digests: list[str] = []
    for collection in catalog.collections():
        for document in catalog.documents(collection.id):
            chunks = catalog.document_chunks(document.id)
            ids = [chunk.id for chunk in chunks]
            stored = application.indexes.vectors.vectors(collection.id, ids)
            digests += [
                digest(indexed_text(document.name, chunk.heading, chunk.text)).hex()
                for chunk in chunks
                if chunk.id in stored
            ]
    return digests


async def ingest(application: Application, catalog: Catalog, files: Path) -> None:
    """Resume the job, or start it, and wait for its end."""
    jobs = application.services.jobs
    resumed = await jobs.resume()
    if not resumed and not await jobs.jobs(ME):
        incoming = [IncomingFile(each, each.name) for each in sorted(files.iterdir())]
        resumed = [await jobs.start(incoming, "UserData", ME)]
    for job in resumed:
        await jobs.result(job.id, ME)
    tell(ended=True, faults=faults_of(application, catalog))
    await application.close()


def child(data: Path, db_type: str, files: Path) -> None:
    """Run one life of the process."""
    flags = {"db_dir": data, "db_type": db_type, "engine": "scripted", "offline": True}
    settings = load_settings({name: str(value) for name, value in flags.items()}, {}).settings
    embedder = CountingEmbedder(data.with_suffix(".journal"), pause=0.002)
    application = bootstrap.build(settings, embedder)
    database = Database(data / "catalog.db")
    catalog = SqliteCatalog(database)
    tell(
        kept=kept_texts(application, catalog),
        embedded=len(embedder.embedded()),
        faults=faults_of(application, catalog),
    )
    asyncio.run(ingest(application, catalog, files))
    database.close()


def main() -> None:
    """Start a child for each line."""
    files = Path(sys.argv[1])
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    for line in sys.stdin:
        request = json.loads(line)
        pid = os.fork()
        if not pid:
            child(Path(request["data"]), request["db_type"], files)
            os._exit(0)
        tell(pid=pid)
        os.waitpid(pid, 0)
        tell(gone=pid)


if __name__ == "__main__":
    main()
