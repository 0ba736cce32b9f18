"""``carrel search``: finds passages without a model."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

from carrel.cli.command import Invocation
from carrel.cli.commands.ask import question_of
from carrel.cli.exit_codes import SUCCESS
from carrel.cli.output.answers import scope_of
from carrel.cli.workspace.workspace import open_workspace
from carrel.core.documents import Source
from carrel.core.errors import InvalidRequest
from carrel.settings.schema import LLM_MODE


async def search(invocation: Invocation) -> Sequence[Source]:
    """Return the best passages."""
    scope = scope_of(invocation)
    if scope is None:
        raise InvalidRequest(f"{LLM_MODE} holds no documents: name a collection to search.")
    async with open_workspace(invocation.settings, invocation.server) as workspace:
        return await workspace.search(question_of(invocation), scope)


def run(invocation: Invocation) -> int:
    """Print the passages, best first."""
    found = asyncio.run(search(invocation))
    if invocation.is_set("json"):
        print(
            json.dumps(
                [
                    {
                        "document": each.document,
                        "document_id": each.document_id,
                        "page": each.page,
                        "score": round(each.score, 4),
                        "text": each.text,
                    }
                    for each in found
                ],
                indent=2,
            )
        )
        return SUCCESS
    for index, each in enumerate(found, start=1):
        page = f", page {each.page}" if each.page is not None else ""
        print(f"[{index}] {each.document}{page}  ({each.score:.2f})")
        print(f"    {' '.join(each.text.split())}\n")
    return SUCCESS
