"""Recomputes all vectors from the chunks in the catalog."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from carrel.core.documents import Collection, DocumentRecord
from carrel.core.protocols.adapters import Catalog, Embedder
from carrel.services.indexing.indexing import DocumentIndexer


@dataclass(frozen=True, slots=True)
class ReindexProgress:
    """Progress; ``rate`` is in chunks per second, 0 before the first."""

    documents_done: int
    documents_total: int
    chunks_done: int
    chunks_total: int
    rate: float = 0.0

    @property
    def seconds_left(self) -> float | None:
        """The remaining time at this rate, if known."""
        return (self.chunks_total - self.chunks_done) / self.rate if self.rate else None


class Reindexing:
    """Recomputes all vectors with the current embedder, one collection after the other.

    The earlier embedder's vectors of a collection are removed before the first new one is stored,
    together with the record of their embedder, so a collection never has both. If it is stopped,
    the same command resumes: within the current collection, and with the remaining ones. The server
    does not start until none remains.
    """

    def __init__(
        self,
        indexer: DocumentIndexer,
        catalog: Catalog,
        embedder: Embedder,
        forget_others: Callable[[], None],
    ) -> None:
        """``forget_others`` removes the vectors of other stores of this data folder."""
        self._indexer = indexer
        self._catalog = catalog
        self._embedder = embedder
        self._forget_others = forget_others

    def run(self) -> Iterator[ReindexProgress]:
        """Recompute, and yield the progress after every batch.

        Raises:
            ModelNotFound, ModelLoadFailed: the embedder cannot be used; nothing was changed.
            StorageFull: the disk is full; the missing vectors can be computed later.
        """
        # An embedder that does not work must not cost the existing vectors.
        self._embedder.embed_query("load the weights")
        embedders = self._indexer.embedders
        every = self._catalog.collections()
        others = embedders.of_others(with_empty=True)
        begun = [each for each in every if each not in others]
        unfinished = [record for each in begun for record in self._indexer.unfinished(each)]
        if others or not unfinished:
            # Their vectors would be taken for the new embedder's when that store is used again.
            self._forget_others()
        if not embedders.of_others() and not unfinished:
            for each in every:
                embedders.reset(each)
            unfinished = [record for each in every for record in self._indexer.unfinished(each)]
            others = []
        yield from self._write(unfinished, others)

    def _write(
        self, unfinished: Sequence[DocumentRecord], others: Sequence[Collection]
    ) -> Iterator[ReindexProgress]:
        steps: list[tuple[Collection | None, Sequence[DocumentRecord]]] = [(None, unfinished)]
        steps += [(each, self._indexer.ready_documents(each)) for each in others]
        total = sum(len(records) for _, records in steps)
        chunks = sum(each.chunks for _, records in steps for each in records)
        number = done = 0
        started = time.monotonic()
        yield ReindexProgress(0, total, 0, chunks)
        for collection, records in steps:
            if collection is not None:
                self._indexer.embedders.reset(collection)
            for record in records:
                for written in self._indexer.index_again(record):
                    done += written
                    rate = done / max(time.monotonic() - started, 1e-6)
                    yield ReindexProgress(number, total, done, chunks, rate)
                number += 1
        if total:
            rate = done / max(time.monotonic() - started, 1e-6)
            yield ReindexProgress(total, total, done, chunks, rate)
