"""Embedding everything anew, from the chunks that the catalog keeps."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from carrel.core.documents import DocumentRecord
from carrel.core.protocols import Embedder
from carrel.services.indexing import DocumentIndexer


@dataclass(frozen=True, slots=True)
class ReindexProgress:
    """Where it stands; ``rate`` is in chunks a second, 0 before the first."""

    documents_done: int
    documents_total: int
    chunks_done: int
    chunks_total: int
    rate: float = 0.0

    @property
    def seconds_left(self) -> float | None:
        """How long the rest takes at this rate, once there is one."""
        return (self.chunks_total - self.chunks_done) / self.rate if self.rate else None


class Reindexing:
    """Makes all vectors again with the present embedder, which becomes the recorded one.

    All vectors of the earlier embedder go before the first of the new one comes, so a collection
    never holds both. Stopped in the middle, the next start with the new embedder, or the same
    command again, makes the vectors that are missing and keeps those that are there.
    """

    def __init__(
        self, indexer: DocumentIndexer, embedder: Embedder, forget_others: Callable[[], None]
    ) -> None:
        """``forget_others`` removes what stores of another kind hold for this data folder."""
        self._indexer = indexer
        self._embedder = embedder
        self._forget_others = forget_others

    def run(self) -> Iterator[ReindexProgress]:
        """Do it, and yield where it stands after every batch.

        Raises:
            ModelNotFound, ModelLoadFailed: the embedder cannot be used; nothing was changed.
            StorageFull: the disk has no room for all; what is missing can be made later.
        """
        # An embedder that does not work must not cost the vectors that are there.
        self._embedder.embed_query("load the weights")
        records = self._indexer.unfinished()
        if not records:
            # Their vectors would be taken for the new embedder's when that store is used again.
            self._forget_others()
            self._indexer.drop_vectors()
            records = self._indexer.unfinished()
        yield from self._write(records)

    def _write(self, records: list[DocumentRecord]) -> Iterator[ReindexProgress]:
        total, chunks, done = len(records), sum(each.chunks for each in records), 0
        started = time.monotonic()
        yield ReindexProgress(0, total, 0, chunks)
        for number, record in enumerate(records):
            for written in self._indexer.index_again(record):
                done += written
                rate = done / max(time.monotonic() - started, 1e-6)
                yield ReindexProgress(number, total, done, chunks, rate)
        if records:
            rate = done / max(time.monotonic() - started, 1e-6)
            yield ReindexProgress(total, total, done, chunks, rate)
