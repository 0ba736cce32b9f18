"""Re-reads documents from their originals, as a job, with the current readers and settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from carrel.core.access import Principal
from carrel.core.documents import (
    DocumentRecord,
    DocumentStatus,
    FileOutcome,
    IncomingFile,
    OutcomeKind,
)
from carrel.core.errors import CarrelError, DocumentNotFound, InvalidRequest
from carrel.core.jobs import Job
from carrel.services.collections import CollectionService
from carrel.services.ingestion.ingestion import IngestionService
from carrel.services.ingestion.jobs import IngestionJobs


@dataclass(frozen=True, slots=True)
class Reingested:
    """The started job, None if no document can be read again, and its documents."""

    job: Job | None
    files: Sequence[IncomingFile]
    refused: Sequence[FileOutcome]


class ReingestionService:
    """Starts to read documents again; ``IngestionJobs`` follows and cancels the job."""

    def __init__(
        self, collections: CollectionService, ingestion: IngestionService, jobs: IngestionJobs
    ) -> None:
        self._collections = collections
        self._ingestion = ingestion
        self._jobs = jobs

    async def start(
        self, document_ids: Sequence[str], collection: str, principal: Principal
    ) -> Reingested:
        """Start, and return at once; documents that cannot be read again are refused with a reason.

        Raises:
            CollectionNotFound, DocumentNotFound: no such document for this account.
            AccessDenied: the account may not write to the collection.
        """
        await self._ingestion.target(collection, principal)
        files: list[IncomingFile] = []
        refused: list[FileOutcome] = []
        for document_id in dict.fromkeys(document_ids):
            record = await self._collections.document(collection, document_id, principal)
            try:
                files.append(await self._file(record, collection, principal))
            except CarrelError as error:
                outcome = FileOutcome(
                    record.name, OutcomeKind.FAILED, record, error.code, str(error)
                )
                refused.append(outcome)
        job = await self._jobs.start(files, collection, principal) if files else None
        return Reingested(job, files, refused)

    async def start_failed(self, collection: str, principal: Principal) -> Reingested:
        """Start with all failed documents of a collection.

        Raises:
            CollectionNotFound: no such collection.
            AccessDenied: the account may not write to it.
            DocumentNotFound: none failed.
        """
        records = await self._collections.documents(collection, principal)
        failed = [each.id for each in records if each.status is DocumentStatus.FAILED]
        if not failed:
            raise DocumentNotFound(f"No document of '{collection}' has failed.")
        return await self.start(failed, collection, principal)

    async def _file(
        self, record: DocumentRecord, collection: str, principal: Principal
    ) -> IncomingFile:
        if record.status is DocumentStatus.PENDING:
            raise InvalidRequest(f"'{record.name}' is being ingested.")
        try:
            path = await self._collections.original(collection, record.id, principal)
        except DocumentNotFound as error:
            raise DocumentNotFound(
                f"The original of '{record.name}' is not kept: add the file again."
            ) from error
        return IncomingFile(path, record.name, document_id=record.id)
