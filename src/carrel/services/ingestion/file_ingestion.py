"""Ingests one file into a ready document, atomically."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

from carrel.core.documents import (
    Collection,
    DocumentRecord,
    FileOutcome,
    IncomingFile,
    IngestionEvent,
    OutcomeKind,
)
from carrel.core.protocols.adapters import Catalog
from carrel.core.protocols.originals import OriginalStore
from carrel.services.indexing.indexing import DocumentIndexer
from carrel.services.ingestion.added_file import AddedFile
from carrel.services.ingestion.batch_reading import Waiting
from carrel.services.ingestion.cancellation import CancellationToken, Stopped
from carrel.services.ingestion.document_writing import DocumentWriting, ReadingTools
from carrel.services.ingestion.file_change import FileChange, size_of
from carrel.services.ingestion.file_failure import failure_of
from carrel.services.ingestion.progress import BatchProgress, FileProgress
from carrel.services.ingestion.reread_file import RereadFile


class FileIngestion:
    """Reads, splits, embeds and stores one file at a time. Its methods block."""

    def __init__(
        self,
        catalog: Catalog,
        originals: OriginalStore,
        indexer: DocumentIndexer,
        tools: ReadingTools,
    ) -> None:
        self._catalog = catalog
        self._originals = originals
        self._writing = DocumentWriting(catalog, originals, indexer, tools)

    def interrupt(self) -> None:
        """Interrupt the reading of cancelled files, from another thread."""
        self._writing.interrupt()

    def close(self) -> None:
        """End the reading threads. Closing twice does nothing."""
        self._writing.close()

    def steps(
        self,
        file: IncomingFile,
        collection: Collection,
        batch: BatchProgress,
        stop: CancellationToken,
    ) -> Generator[IngestionEvent | Waiting]:
        """Yield progress and, last, the outcome. Every error becomes a failed outcome.

        While a batch of the file is being read, ``Waiting`` is yielded; resume when it is done.

        Raises:
            Stopped: ``stop`` was requested; nothing of the file is kept, unless it says so.
        """
        change = self._change(file, collection)
        running = batch.begin_file(file.name, size_of(change.file))
        yield running.progress()
        try:
            finished = yield from self._finished(change, running, stop)
        except Exception as error:
            if stop.asked or isinstance(error, Stopped):
                # An interrupted reading ends with an error of the reader.
                self._writing.leave(change.record, stop)
                raise Stopped from error
            outcome = change.fail(failure_of(error))
        except BaseException:
            # The consumer of the events closed the generator: remove what is half stored.
            self._writing.leave(change.record, stop)
            raise
        else:
            if finished is None:
                outcome = FileOutcome(file.name, OutcomeKind.UNCHANGED, change.replaced)
            else:
                outcome = change.end(finished)
        running.end()
        yield outcome

    def _change(self, file: IncomingFile, collection: Collection) -> FileChange:
        if file.document_id is None:
            return AddedFile(
                file=file,
                collection=collection,
                catalog=self._catalog,
                originals=self._originals,
                writing=self._writing,
            )
        # The path in a job may be another one: the data folder may have been moved since.
        located = replace(file, path=self._originals.path(file.document_id))
        return RereadFile(
            file=located,
            document_id=file.document_id,
            catalog=self._catalog,
            originals=self._originals,
            writing=self._writing,
        )

    def _finished(
        self, change: FileChange, running: FileProgress, stop: CancellationToken
    ) -> Generator[IngestionEvent | Waiting, None, DocumentRecord | None]:
        """Store a file, and return the ready document; None if nothing has changed."""
        record = change.begin(running.size)
        if record is None:
            return None
        stored = yield from self._writing.store(change.file, record, change.replaced, running, stop)
        return change.commit(record, stored)
