"""``carrel collections``: what there is to ask."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

from carrel.cli.command import JSON, Command, Invocation
from carrel.cli.exit_codes import SUCCESS
from carrel.cli.workspace import open_workspace
from carrel.core.documents import Collection


async def collections(invocation: Invocation) -> Sequence[tuple[Collection, int]]:
    """Return each collection with the number of its documents."""
    async with open_workspace(invocation.settings) as workspace:
        return await workspace.collections()


def run(invocation: Invocation) -> int:
    """Print the collections."""
    found = asyncio.run(collections(invocation))
    if invocation.is_set("json"):
        print(
            json.dumps(
                [
                    {"name": each.name, "shared": each.shared, "documents": count}
                    for each, count in found
                ],
                indent=2,
            )
        )
        return SUCCESS
    for each, count in found:
        kind = "shared" if each.shared else "private"
        print(f"{each.name}  ({kind}, {count} document{'' if count == 1 else 's'})")
    return SUCCESS


COMMAND = Command(
    "collections", "collections", "List the collections and how much is in them.", run, (JSON,)
)
