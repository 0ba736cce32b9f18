"""Documents of a collection: add, list, read, delete."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus
from pathlib import PurePosixPath

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, JSONResponse

from carrel.api.connection import while_connected
from carrel.api.deps import Api, ApiState, Caller
from carrel.api.errors import CLASS_OF_CODE, reply_with
from carrel.api.ingestions import Upload
from carrel.api.uploads import receive
from carrel.core.documents import DocumentRecord, FileOutcome, OutcomeKind
from carrel.core.errors import CarrelError, UnreadableDocument
from carrel.wire.documents import (
    AcceptedReply,
    DeletedDocument,
    DocumentBody,
    DocumentList,
    FailedFile,
    OutcomeBody,
    UploadReply,
)

router = APIRouter()

# An original may be a web page of someone's making: it must not run as one of this server's.
INERT = {"Content-Security-Policy": "default-src 'none'; sandbox", "Cache-Control": "no-store"}


@router.post("/v1/collections/{name}/documents")
async def add_documents(
    name: str, request: Request, api: ApiState, caller: Caller, wait: bool = False
) -> Response:
    """Ingest files or pasted text, in the background unless ``wait``.

    Ingestion goes on when a waiting client hangs up.
    """
    services = api.services
    await services.collections.get(name, caller)
    limit = services.settings.documents.max_file_megabytes
    received = await receive(request, limit, services.ingestion.supports)
    if not received.files:
        received.folder.cleanup()
        return _finished(api, received.refused)
    task = api.ingestions.start(Upload(received.files, received.folder, name, caller))
    if not wait:
        failed = [FailedFile.of(each) for each in received.refused]
        accepted = AcceptedReply(accepted=[each.name for each in received.files], failed=failed)
        return JSONResponse(accepted.model_dump(mode="json"), status_code=HTTPStatus.ACCEPTED)
    outcomes = await while_connected(request.receive, api.closing, api.ingestions.result(task))
    return _finished(api, [*received.refused, *outcomes])


def _finished(api: Api, outcomes: Sequence[FileOutcome]) -> Response:
    """Return what became of all files; an error body when none of them is in the collection."""
    cleaned = [
        replace(each, reason=api.errors.clean(each.reason)) if each.reason else each
        for each in outcomes
    ]
    failed = [each for each in cleaned if each.kind is OutcomeKind.FAILED]
    reply = UploadReply(
        documents=[
            _body(api, each.document)
            for each in cleaned
            if each.document is not None and each.kind is not OutcomeKind.FAILED
        ],
        failed=[FailedFile.of(each) for each in failed],
        outcomes=[OutcomeBody.of(each) for each in cleaned],
    ).model_dump(mode="json")
    if len(failed) < len(cleaned):
        return JSONResponse(reply)
    if len(failed) == 1:
        kind = CLASS_OF_CODE.get(failed[0].code or "", CarrelError)
        error = reply_with(kind, f"Could not read {failed[0].name}: {failed[0].reason}")
    else:
        error = reply_with(UnreadableDocument, f"None of the {len(failed)} files could be read.")
    return JSONResponse({**error.body.model_dump(), **reply}, status_code=error.status)


@router.get("/v1/collections/{name}/documents")
async def list_documents(name: str, api: ApiState, caller: Caller) -> DocumentList:
    """List the documents of a collection by name, failed ones included."""
    records = await api.services.collections.documents(name, caller)
    return DocumentList(documents=[_body(api, each) for each in records])


@router.get("/v1/collections/{name}/documents/{document_id}")
async def get_document(name: str, document_id: str, api: ApiState, caller: Caller) -> DocumentBody:
    """Describe one document."""
    return _body(api, await api.services.collections.document(name, document_id, caller))


@router.get("/v1/collections/{name}/documents/{document_id}/content")
async def get_content(name: str, document_id: str, api: ApiState, caller: Caller) -> Response:
    """Send the original file, to be saved and not to be shown."""
    service = api.services.collections
    record = await service.document(name, document_id, caller)
    path = await service.original(name, document_id, caller)
    return FileResponse(
        path,
        filename=PurePosixPath(record.name).name,
        media_type="application/octet-stream",
        headers=INERT,
    )


@router.delete("/v1/collections/{name}/documents/{document_id}")
async def delete_document(
    name: str, document_id: str, api: ApiState, caller: Caller
) -> DeletedDocument:
    """Delete a document, its chunks and its original."""
    await api.services.collections.delete_document(name, document_id, caller)
    return DeletedDocument(id=document_id)


def _body(api: Api, record: DocumentRecord) -> DocumentBody:
    if record.reason is not None:
        record = replace(record, reason=api.errors.clean(record.reason))
    return DocumentBody.of(record)
