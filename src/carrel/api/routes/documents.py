"""Documents of a collection: add, list, read, delete."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from pathlib import PurePosixPath
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import FileResponse, JSONResponse

from carrel.api.deps import Api, ApiState, Caller
from carrel.api.errors import reply_with
from carrel.api.middleware.connection import while_connected
from carrel.api.uploads.outcomes import cleaned_outcome, cleaned_record, failure_reply
from carrel.api.uploads.uploads import Received, receive
from carrel.core.access import Principal
from carrel.core.documents import DocumentRecord, FileOutcome, OutcomeKind, PageView
from carrel.core.errors import UnreadableDocument
from carrel.core.jobs import Job
from carrel.schemas.documents import (
    AcceptedReply,
    DeletedDocument,
    DocumentBody,
    DocumentList,
    FailedFile,
    OutcomeBody,
    PassageBody,
    Reingest,
    UploadReply,
)
from carrel.services.ingestion.reingestion import Reingested

router = APIRouter()

LONGEST_QUOTE = 4000
SMALLEST_WIDTH, LARGEST_WIDTH = 200, 2400

# An original may be a user's web page: it must not run as one of this server's.
INERT = {"Content-Security-Policy": "default-src 'none'; sandbox", "Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class PagePlace:
    """Document and page, from the path of the request."""

    name: str
    document_id: str
    page: Annotated[int, Path(ge=1, le=1_000_000)]
    quote: Annotated[str, Query(max_length=LONGEST_QUOTE)] = ""
    width: Annotated[int, Query(ge=SMALLEST_WIDTH, le=LARGEST_WIDTH)] = 1200

    @property
    def view(self) -> PageView:
        """The page in core's form."""
        return PageView(self.page, self.width, self.quote)


@router.post("/v1/collections/{name}/documents")
async def add_documents(
    name: str, request: Request, api: ApiState, caller: Caller, wait: bool = False
) -> Response:
    """Ingest files, pasted text, or documents of the web, in the background unless ``wait``.

    Ingestion continues if a waiting client disconnects.
    """
    services = api.services
    await services.ingestion.target(name, caller)
    limit = services.settings.documents.max_file_megabytes
    folder = await asyncio.to_thread(services.jobs.receiving_folder)
    job: Job | None = None
    try:
        received = await receive(request, folder, limit, services.ingestion.supports)
        if received.web is not None:
            job = await services.jobs.start_web(received.web, name, caller)
        elif received.files:
            job = await services.jobs.start(received.files, name, caller)
    finally:
        if job is None or received.web is not None:
            shutil.rmtree(folder, ignore_errors=True)
    if job is None:
        return _finished(api, received.refused)
    if not wait:
        accepted = await _accepted(api, job, received)
        return _accepted_reply(job, accepted, received.refused)
    waiting = services.jobs.result(job.id, caller)
    outcomes = await while_connected(request.receive, api.closing, waiting)
    return _finished(api, [*received.refused, *outcomes])


@router.post("/v1/collections/{name}/documents/reingest", response_model=None)
async def reingest_documents(
    name: str, body: Reingest, request: Request, api: ApiState, caller: Caller, wait: bool = False
) -> Response:
    """Read several documents again from their originals, or all that failed."""
    service = api.services.reingestion
    if body.documents is None:
        begun = await service.start_failed(name, caller)
    else:
        begun = await service.start(body.documents, name, caller)
    return await _begun(begun, request, api, caller, wait=wait)


@router.post("/v1/collections/{name}/documents/{document_id}/reingest", response_model=None)
async def reingest_document(
    name: str, document_id: str, request: Request, api: ApiState, caller: Caller, wait: bool = False
) -> Response:
    """Read a document again from its original, with the current readers and settings.

    The previous content can be searched until the new one is complete, and stays if that fails.
    """
    begun = await api.services.reingestion.start([document_id], name, caller)
    return await _begun(begun, request, api, caller, wait=wait)


async def _begun(
    begun: Reingested, request: Request, api: Api, caller: Principal, *, wait: bool
) -> Response:
    if begun.job is None:
        return _finished(api, begun.refused)
    if wait:
        waiting = api.services.jobs.result(begun.job.id, caller)
        outcomes = await while_connected(request.receive, api.closing, waiting)
        return _finished(api, [*begun.refused, *outcomes])
    return _accepted_reply(begun.job, [each.name for each in begun.files], begun.refused)


def _accepted_reply(job: Job, names: list[str], refused: Sequence[FileOutcome]) -> Response:
    failed = [FailedFile.of(each) for each in refused]
    accepted = AcceptedReply(job=job.id, accepted=names, failed=failed)
    return JSONResponse(accepted.model_dump(mode="json"), status_code=HTTPStatus.ACCEPTED)


async def _accepted(api: Api, job: Job, received: Received) -> list[str]:
    if received.web is not None:
        return list(received.web.addresses)
    # The second file of a name was numbered.
    return [each.name for each in await api.services.jobs.files(job)]


def _finished(api: Api, outcomes: Sequence[FileOutcome]) -> Response:
    """Return the outcomes of all files; an error body if none of them was ingested."""
    cleaned = [cleaned_outcome(api, each) for each in outcomes]
    failed = [each for each in cleaned if each.kind is OutcomeKind.FAILED]
    reply = UploadReply(
        documents=[
            DocumentBody.of(each.document)
            for each in cleaned
            if each.document is not None and each.kind is not OutcomeKind.FAILED
        ],
        failed=[FailedFile.of(each) for each in failed],
        outcomes=[OutcomeBody.of(each) for each in cleaned],
    ).model_dump(mode="json")
    if len(failed) < len(cleaned):
        return JSONResponse(reply)
    if len(failed) == 1:
        error = failure_reply(failed[0])
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
    """Send the original file, as a download."""
    service = api.services.collections
    record = await service.document(name, document_id, caller)
    path = await service.original(name, document_id, caller)
    return FileResponse(
        path,
        filename=PurePosixPath(record.name).name,
        media_type="application/octet-stream",
        headers=INERT,
    )


@router.get("/v1/collections/{name}/documents/{document_id}/pages/{page}.png")
async def get_page(
    place: Annotated[PagePlace, Depends()], request: Request, api: ApiState, caller: Caller
) -> Response:
    """Send a page as an image; ``X-Carrel-Quote`` says whether the quote was found on it."""
    record = await api.services.collections.document(place.name, place.document_id, caller)
    # Browsers revalidate the image each time, so that one of a deleted document is not shown; an
    # unchanged one is neither rendered nor sent.
    tag = sha256(repr((record.id, record.sha256, place.view)).encode()).hexdigest()[:32]
    headers = {**INERT, "Cache-Control": "private, no-cache", "ETag": f'"{tag}"'}
    if request.headers.get("if-none-match") == f'"{tag}"':
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    picture = await api.services.places.picture(place.name, place.document_id, place.view, caller)
    headers["X-Carrel-Pages"] = str(picture.pages)
    if place.view.quote:
        headers["X-Carrel-Quote"] = "marked" if picture.marked else "not-found"
    return Response(picture.content, media_type="image/png", headers=headers)


@router.get("/v1/collections/{name}/documents/{document_id}/passage")
async def get_passage(
    name: str,
    document_id: str,
    quote: Annotated[str, Query(min_length=1, max_length=LONGEST_QUOTE)],
    api: ApiState,
    caller: Caller,
) -> PassageBody:
    """Send a quote in its context."""
    record = await api.services.collections.document(name, document_id, caller)
    passage = await api.services.places.passage(name, document_id, quote, caller)
    return PassageBody.of(record, passage)


@router.delete("/v1/collections/{name}/documents/{document_id}")
async def delete_document(
    name: str, document_id: str, api: ApiState, caller: Caller
) -> DeletedDocument:
    """Delete a document, its chunks and its original."""
    await api.services.collections.delete_document(name, document_id, caller)
    return DeletedDocument(id=document_id)


def _body(api: Api, record: DocumentRecord) -> DocumentBody:
    return DocumentBody.of(cleaned_record(api, record))
