"""Outcomes of uploads, with paths removed from the reasons."""

from __future__ import annotations

from dataclasses import replace

from carrel.api.deps import Api
from carrel.api.errors import CLASS_OF_CODE, ErrorReply, reply_with
from carrel.core.documents import DocumentRecord, FileOutcome
from carrel.core.errors import CarrelError


def cleaned_record(api: Api, record: DocumentRecord) -> DocumentRecord:
    """Return a document with a reason that may be shown."""
    if record.reason is None:
        return record
    return replace(record, reason=api.errors.clean(record.reason))


def cleaned_outcome(api: Api, outcome: FileOutcome) -> FileOutcome:
    """Return an outcome with reasons that may be shown."""
    return replace(
        outcome,
        document=cleaned_record(api, outcome.document) if outcome.document else None,
        reason=api.errors.clean(outcome.reason) if outcome.reason else outcome.reason,
    )


def failure_reply(outcome: FileOutcome) -> ErrorReply:
    """Return the error of a request's only file; its reason may be shown."""
    kind = CLASS_OF_CODE.get(outcome.code or "", CarrelError)
    return reply_with(kind, f"Could not read {outcome.name}: {outcome.reason}")
