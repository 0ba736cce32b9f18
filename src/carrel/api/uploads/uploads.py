"""Parses upload bodies into files to ingest."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from carrel.api.uploads.multipart import Form, ReceivedFile, UploadReceiver, boundary_of
from carrel.core.document_names import text_name
from carrel.core.documents import FileOutcome, IncomingFile, OutcomeKind
from carrel.core.errors import DocumentTooLarge, InvalidRequest
from carrel.core.web import WebRequest
from carrel.disk.failures import disk_errors
from carrel.schemas.documents import TextDocument, WebDocuments
from carrel.services.ingestion.document_writing import MEGABYTE

Body = TypeVar("Body", bound=BaseModel)

FORM = "multipart/form-data"


@dataclass(frozen=True, slots=True)
class Received:
    """Received files in the given folder, and those refused for their size.

    ``web`` is set if the body has addresses to fetch instead.
    """

    files: list[IncomingFile]
    refused: list[FileOutcome]
    web: WebRequest | None = None


async def receive(
    request: Request, folder: Path, max_file_megabytes: float, supports: Callable[[str], bool]
) -> Received:
    """Read the body into a folder.

    It contains files (``multipart/form-data``), or pasted text or web addresses
    (``application/json``).

    Raises:
        InvalidRequest: the body is neither, malformed, or has no file.
        RequestValidationError: the JSON is neither a ``TextDocument`` nor a ``WebDocuments``.
        StorageFull: the disk is full.
    """
    content_type = request.headers.get("content-type", "")
    kind = content_type.split(";", 1)[0].strip().lower()
    if kind == FORM:
        receiver = UploadReceiver(folder, max_file_megabytes * MEGABYTE)
        parts = await receiver.receive(boundary_of(content_type), request.stream())
    elif kind == "application/json":
        body = await request.body()
        if _names_addresses(body):
            return Received([], [], _checked(WebDocuments, body).to_core())
        parts = [_pasted(body, folder, supports)]
    else:
        raise InvalidRequest("Send files as multipart/form-data, or text as application/json.")
    if not parts:
        raise InvalidRequest("The upload contains no file.")
    return _received(parts, max_file_megabytes)


async def receive_one(
    request: Request, folder: Path, max_file_megabytes: float, form: Form
) -> tuple[Received, Mapping[str, str]]:
    """Read a form with one file into a folder; also return the form's values.

    Raises:
        InvalidRequest: the body is no form, malformed, or does not have exactly one file.
        StorageFull: the disk is full.
    """
    content_type = request.headers.get("content-type", "")
    if content_type.split(";", 1)[0].strip().lower() != FORM:
        raise InvalidRequest(f"Send the file as multipart/form-data, in a part '{form.files}'.")
    receiver = UploadReceiver(folder, max_file_megabytes * MEGABYTE, form)
    parts = await receiver.receive(boundary_of(content_type), request.stream())
    if len(parts) != 1:
        raise InvalidRequest(f"Send one file in a part '{form.files}'; {len(parts)} came.")
    return _received(parts, max_file_megabytes), receiver.values


def _received(parts: Sequence[ReceivedFile], max_file_megabytes: float) -> Received:
    return Received(
        [IncomingFile(each.path, each.name, each.content_type) for each in parts if each.fits],
        [_too_large(each, max_file_megabytes) for each in parts if not each.fits],
    )


def _names_addresses(body: bytes) -> bool:
    try:
        given = json.loads(body)
    except ValueError:
        # The error is that of the pasted text's body.
        return False
    return isinstance(given, dict) and not given.keys().isdisjoint({"url", "urls", "depth"})


def _checked(kind: type[Body], body: bytes) -> Body:
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        # The error that the framework raises for other bodies, with the same location.
        problems = [{**each, "loc": ("body", *each["loc"])} for each in error.errors()]
        raise RequestValidationError(problems) from error


def _pasted(body: bytes, folder: Path, supports: Callable[[str], bool]) -> ReceivedFile:
    document = _checked(TextDocument, body)
    name = text_name(document.name, supports)
    path = folder / "0"
    with disk_errors(folder):
        path.write_text(document.text, encoding="utf-8")
    return ReceivedFile(name, path, "text/plain")


def _too_large(file: ReceivedFile, max_file_megabytes: float) -> FileOutcome:
    return FileOutcome(
        file.name,
        OutcomeKind.FAILED,
        code=DocumentTooLarge.code,
        reason=f"it has {file.size / MEGABYTE:.1f} MB, and max_file_megabytes is "
        f"{max_file_megabytes:g}",
    )
