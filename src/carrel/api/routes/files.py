"""OpenAI's files: the documents of the caller's own ``MyData``."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from carrel.api.deps import Api, ApiState, Caller
from carrel.api.middleware.connection import while_connected
from carrel.api.routes.documents import get_content
from carrel.api.uploads.multipart import Form
from carrel.api.uploads.outcomes import cleaned_outcome, cleaned_record, failure_reply
from carrel.api.uploads.uploads import receive_one
from carrel.core.documents import MY_DATA, DocumentRecord, FileOutcome, OutcomeKind
from carrel.core.errors import DocumentNotFound, InvalidRequest, UnsupportedParameter
from carrel.core.jobs import Job
from carrel.schemas.files import (
    PREFIX,
    PURPOSES,
    DeletedFile,
    FileBody,
    FileList,
    document_id,
)

router = APIRouter()

FORM = Form("file", frozenset({"purpose", "expires_after[anchor]", "expires_after[seconds]"}))
MOST_LISTED = 10_000


@router.post("/v1/files", response_model=FileBody)
async def upload_file(request: Request, api: ApiState, caller: Caller) -> Response:
    """Ingest a file into ``MyData``, and answer when it is ready.

    Ingestion continues if the client disconnects.
    """
    jobs = api.services.jobs
    limit = api.services.settings.documents.max_file_megabytes
    folder = await asyncio.to_thread(jobs.receiving_folder)
    job: Job | None = None
    try:
        received, values = await receive_one(request, folder, limit, FORM)
        _check(values)
        if received.files:
            job = await jobs.start(received.files, MY_DATA, caller)
    finally:
        if job is None:
            shutil.rmtree(folder, ignore_errors=True)
    if job is None:
        return _finished(api, received.refused[0])
    waiting = jobs.result(job.id, caller)
    (outcome,) = await while_connected(request.receive, api.closing, waiting)
    return _finished(api, outcome)


def _check(values: Mapping[str, str]) -> None:
    if "purpose" not in values:
        raise InvalidRequest("'purpose' is missing: send user_data.")
    for name, value in values.items():
        if name != "purpose":
            raise UnsupportedParameter(
                f"'{name}' is not supported: a file stays until it is deleted."
            )
        if value not in PURPOSES:
            raise InvalidRequest(f"'purpose' is one of {', '.join(PURPOSES)}, not {value[:100]!r}.")


def _finished(api: Api, outcome: FileOutcome) -> Response:
    cleaned = cleaned_outcome(api, outcome)
    if cleaned.kind is OutcomeKind.FAILED or cleaned.document is None:
        return failure_reply(cleaned).response()
    return JSONResponse(FileBody.of(cleaned.document).model_dump(mode="json"))


@router.get("/v1/files")
async def list_files(
    api: ApiState,
    caller: Caller,
    purpose: str | None = None,
    limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = MOST_LISTED,
    order: Literal["asc", "desc"] = "desc",
    after: str | None = None,
) -> FileList:
    """List the files, the latest first by default."""
    if purpose is not None and purpose not in PURPOSES:
        return FileList.of([], has_more=False)
    records = list(await api.services.collections.documents(MY_DATA, caller))
    records.sort(key=lambda each: (each.added_at, each.id), reverse=order == "desc")
    if after is not None:
        places = [place for place, each in enumerate(records) if each.id == document_id(after)]
        if not places:
            raise DocumentNotFound(f"There is no file '{after[:200]}' to list from.")
        records = records[places[0] + 1 :]
    listed = [_body(api, each) for each in records[:limit]]
    return FileList.of(listed, has_more=len(records) > limit)


@router.get("/v1/files/{file_id}")
async def get_file(file_id: str, api: ApiState, caller: Caller) -> FileBody:
    """Describe one file."""
    return _body(api, await _record(api, file_id, caller))


@router.get("/v1/files/{file_id}/content")
async def get_file_content(file_id: str, api: ApiState, caller: Caller) -> Response:
    """Send the file as it was uploaded."""
    record = await _record(api, file_id, caller)
    return await get_content(MY_DATA, record.id, api, caller)


@router.delete("/v1/files/{file_id}")
async def delete_file(file_id: str, api: ApiState, caller: Caller) -> DeletedFile:
    """Delete a file, its chunks and its original."""
    record = await _record(api, file_id, caller)
    await api.services.collections.delete_document(MY_DATA, record.id, caller)
    return DeletedFile(id=PREFIX + record.id)


async def _record(api: Api, file_id: str, caller: Caller) -> DocumentRecord:
    if not file_id.startswith(PREFIX):
        raise DocumentNotFound(f"There is no file '{file_id[:200]}': ids begin with '{PREFIX}'.")
    return await api.services.collections.document(MY_DATA, document_id(file_id), caller)


def _body(api: Api, record: DocumentRecord) -> FileBody:
    return FileBody.of(cleaned_record(api, record))
