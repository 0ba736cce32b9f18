"""``carrel documents``: lists the documents of a collection."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

from carrel.cli.command import Invocation
from carrel.cli.commands.collections import counted
from carrel.cli.exit_codes import SUCCESS
from carrel.cli.workspace.workspace import open_workspace
from carrel.core.documents import DocumentRecord, DocumentStatus
from carrel.schemas.documents import DocumentBody
from carrel.services.document_filter import parse_filter


async def documents(invocation: Invocation) -> Sequence[DocumentRecord]:
    """Return the documents of the collection that match the filter."""
    async with open_workspace(invocation.settings, invocation.server) as workspace:
        found = await workspace.documents(invocation.collection)
    wanted = parse_filter(invocation.filter)
    return [each for each in found if wanted.matches(each)]


def described(document: DocumentRecord) -> list[str]:
    """Return the lines of a document: its state, then what it states about itself."""
    parts = [] if document.status is DocumentStatus.READY else [document.status.value]
    if document.pages:
        parts.append(counted(document.pages, "page"))
    parts.append(counted(document.chunks, "chunk"))
    parts.append(f"{document.bytes / 1_000_000:.1f} MB")
    lines = [f"{document.name}  ({', '.join(parts)})"]
    for name, value in document.properties.values().items():
        shown = value if isinstance(value, str) else "; ".join(value)
        lines.append(f"    {name}: {shown}")
    if document.reason:
        lines.append(f"    {document.reason}")
    return lines


def run(invocation: Invocation) -> int:
    """Print the documents."""
    found = asyncio.run(documents(invocation))
    if invocation.is_set("json"):
        listed = [DocumentBody.of(each).model_dump(mode="json") for each in found]
        print(json.dumps(listed, indent=2, ensure_ascii=False))
        return SUCCESS
    for each in found:
        print("\n".join(described(each)))
    return SUCCESS
