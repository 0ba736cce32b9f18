"""Reconciles indexes and stored files with the catalog at startup."""

from __future__ import annotations

import time
from collections.abc import Callable, Set

import structlog

from carrel.core.documents import Collection, DocumentRecord, DocumentStatus
from carrel.core.leftovers import Leftovers
from carrel.core.protocols.adapters import Catalog
from carrel.core.protocols.originals import OriginalStore
from carrel.services.indexing.indexing import DocumentIndexer

INTERRUPTED = "Carrel stopped while it was being read: add it again"

LOG_SECONDS = 5.0
"""Interval of log messages about documents that are indexed again."""

Progress = Callable[[int, int], None]
"""Called with the number of documents that have been indexed again, and the total."""

log = structlog.get_logger()


class Reconciling:
    """Repairs after a crash, a lost file or a changed store. Its methods block.

    The catalog must belong to this data folder: see ``leftovers``.
    """

    def __init__(
        self, catalog: Catalog, indexer: DocumentIndexer, originals: OriginalStore
    ) -> None:
        self._catalog = catalog
        self._indexer = indexer
        self._originals = originals

    def leftovers(self) -> Leftovers:
        """Count the documents in the indexes of known collections, and the unknown among them."""
        leaving = self._catalog.leaving_documents()
        found = unknown = 0
        for collection in self._catalog.collections():
            indexed = self._indexer.documents(collection.id)
            found += len(indexed)
            for each in (
                *self._catalog.documents(collection.id),
                *self._catalog.replacements(collection.id),
            ):
                indexed -= {each.id, each.index_id}
            unknown += len(indexed - leaving)
        return Leftovers(found, unknown)

    def run(
        self,
        to_be_continued: Set[tuple[str, str]] = frozenset(),
        progress: Progress = lambda done, total: None,
    ) -> None:
        """Make indexes and files consistent with the catalog.

        A document that was left pending becomes failed, or is removed if it was to replace another,
        unless a job resumes it: ``to_be_continued`` holds collection ids and names. Entries of
        documents that are not in the catalog are removed from the indexes; their files are removed
        if the documents were deleted, and set aside otherwise. A ready document that an index lacks
        or has in part (its file was lost or damaged, the store was changed, a reindex was
        interrupted) is indexed again from its chunks. The rest of a removed collection is removed;
        other collections that the catalog does not know are kept: on a server they belong to
        another installation.
        """
        for collection_id in self._catalog.leaving_collections():
            log.warning("index.leaving", collection=collection_id)
            self._indexer.remove_collection(collection_id)
        stored = self._originals.ids()
        with_original: set[str] = set()
        missing: list[DocumentRecord] = []
        for collection in self._catalog.collections():
            self._end_pending(collection, stored, to_be_continued)
            ready: dict[str, DocumentRecord] = {}
            pending = {each.id for each in self._catalog.replacements(collection.id)}
            for record in self._catalog.documents(collection.id):
                if record.status is DocumentStatus.PENDING:
                    pending.add(record.id)
                if record.status is DocumentStatus.READY:
                    ready[record.index_id] = record
                if record.has_original or record.status is DocumentStatus.PENDING:
                    with_original.add(record.id)
            missing += self._missing(collection, ready, pending)
        leaving = self._catalog.leaving_documents()
        self._originals.delete((leaving & stored) - with_original)
        self._originals.set_aside(stored - with_original - leaving)
        if leaving:
            self._catalog.forget_documents(leaving)
        self._index_again(missing, progress)

    def _end_pending(
        self, collection: Collection, stored: Set[str], to_be_continued: Set[tuple[str, str]]
    ) -> None:
        """End the documents that no job resumes."""
        for record in self._catalog.documents(collection.id):
            if record.status is not DocumentStatus.PENDING:
                continue
            log.warning("ingestion.interrupted", document=record.id)
            if (collection.id, record.name) not in to_be_continued:
                kept = record.id in stored
                self._catalog.fail_document(record.id, INTERRUPTED, has_original=kept)
        for record in self._catalog.replacements(collection.id):
            if (collection.id, record.name) not in to_be_continued:
                self._catalog.delete_document(record.id)

    def _missing(
        self, collection: Collection, ready: dict[str, DocumentRecord], pending: Set[str]
    ) -> list[DocumentRecord]:
        """Remove surplus entries from the indexes, and return the documents that they lack."""
        stale = self._indexer.documents(collection.id) - ready.keys() - pending
        if stale:
            log.warning("index.stale", collection=collection.id, documents=len(stale))
            self._indexer.remove_documents(collection.id, sorted(stale))
        lacking = ready.keys() - self._indexer.whole(collection.id, ready, pending)
        return [ready[each] for each in sorted(lacking)]

    def _index_again(self, missing: list[DocumentRecord], progress: Progress) -> None:
        """Index documents again; if this is stopped, the next start resumes with the rest."""
        total = len(missing)
        if not total:
            return
        log.warning("index.rebuilding", documents=total)
        logged = time.monotonic()
        for done, record in enumerate(missing):
            progress(done, total)
            for _ in self._indexer.index_again(record):
                if time.monotonic() - logged > LOG_SECONDS:
                    logged = time.monotonic()
                    log.warning("index.rebuilding", documents=total, done=done)
        progress(total, total)
        log.warning("index.rebuilt", documents=total)
