"""Documents of ``MyData`` as OpenAI files.

Format: https://platform.openai.com/docs/api-reference/files/object
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from carrel.core.documents import DocumentRecord, DocumentStatus
from carrel.schemas.body import ReplyBody

PREFIX = "file-"
PURPOSE = "user_data"
PURPOSES = ("assistants", PURPOSE)
"""The accepted purposes of an upload; all have the same effect."""

_STATUS: dict[DocumentStatus, Literal["uploaded", "processed", "error"]] = {
    DocumentStatus.PENDING: "uploaded",
    DocumentStatus.READY: "processed",
    DocumentStatus.FAILED: "error",
}


def file_id(document_id: str) -> str:
    """Return the id of a document as a file."""
    return PREFIX + document_id


def document_id(file_id: str) -> str:
    """Return the document's id of a file id; a document id is returned unchanged."""
    return file_id.removeprefix(PREFIX)


class FileBody(ReplyBody):
    """A file. ``status_details`` is why it could not be read, ``created_at`` is in seconds.

    ``document_id`` is an extension: the id for the other routes.
    """

    id: str
    object: Literal["file"] = "file"
    bytes: int
    created_at: int
    filename: str
    purpose: str = PURPOSE
    status: Literal["uploaded", "processed", "error"]
    status_details: str | None = None
    document_id: str

    @classmethod
    def of(cls, record: DocumentRecord) -> FileBody:
        """Return the body of a catalog record."""
        return cls(
            id=file_id(record.id),
            bytes=record.bytes,
            created_at=int(record.added_at.timestamp()),
            filename=record.name,
            status=_STATUS[record.status],
            status_details=record.reason,
            document_id=record.id,
        )


class FileList(ReplyBody):
    """Some files, and whether there are more after the last one."""

    object: Literal["list"] = "list"
    data: list[FileBody]
    first_id: str | None
    last_id: str | None
    has_more: bool

    @classmethod
    def of(cls, files: Sequence[FileBody], has_more: bool) -> FileList:
        """Return the body of some files."""
        return cls(
            data=list(files),
            first_id=files[0].id if files else None,
            last_id=files[-1].id if files else None,
            has_more=has_more,
        )


class DeletedFile(ReplyBody):
    """Confirms a deletion."""

    id: str
    object: Literal["file"] = "file"
    deleted: bool = True
