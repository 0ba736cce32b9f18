"""``carrel collections``: list, create, rename and delete collections."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict

from carrel.cli.command import Invocation
from carrel.cli.exit_codes import SUCCESS
from carrel.cli.registry import COMMANDS
from carrel.cli.workspace.workspace import Workspace, open_workspace
from carrel.core.documents import Collection, CollectionContents
from carrel.core.errors import InvalidRequest


async def collections(
    invocation: Invocation,
) -> Sequence[tuple[Collection, CollectionContents]]:
    """Return each collection with its statistics."""
    async with open_workspace(invocation.settings, invocation.server) as workspace:
        return await workspace.collections()


async def _change(
    invocation: Invocation, change: Callable[[Workspace], Awaitable[int | None]]
) -> int | None:
    async with open_workspace(invocation.settings, invocation.server) as workspace:
        return await change(workspace)


def counted(number: int, noun: str) -> str:
    """Return ``1 document`` or ``2 documents``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def described(collection: Collection, contents: CollectionContents) -> str:
    """Return the line of a collection."""
    parts = ["shared" if collection.shared else "private", counted(contents.documents, "document")]
    if contents.failed:
        parts.append(f"{contents.failed} failed")
    parts.append(counted(contents.chunks, "chunk"))
    parts.append(f"{contents.bytes / 1_000_000:.1f} MB")
    return f"{collection.name}  ({', '.join(parts)})"


def run(invocation: Invocation) -> int:
    """Print the collections, or apply the change of the words.

    Raises:
        InvalidRequest: the words are no valid change.
    """
    match invocation.arguments.words:
        case []:
            _print(asyncio.run(collections(invocation)), as_json=invocation.is_set("json"))
        case ["create", name]:
            shared = invocation.is_set("shared")
            asyncio.run(_change(invocation, lambda place: place.create_collection(name, shared)))
            print(f"Created {name}.")
        case ["rename", name, new_name]:
            asyncio.run(_change(invocation, lambda place: place.rename_collection(name, new_name)))
            print(f"Renamed {name} to {new_name}.")
        case ["delete", name]:
            removed = asyncio.run(_change(invocation, lambda place: place.delete_collection(name)))
            print(f"Deleted {name} with {counted(removed or 0, 'document')}.")
        case _:
            usage = COMMANDS["collections"].usage
            raise InvalidRequest(f"Invalid arguments: carrel {usage}")
    return SUCCESS


def _print(found: Sequence[tuple[Collection, CollectionContents]], *, as_json: bool) -> None:
    if as_json:
        listed = [
            {"name": each.name, "shared": each.shared} | asdict(contents)
            for each, contents in found
        ]
        print(json.dumps(listed, indent=2))
        return
    for each, contents in found:
        print(described(each, contents))
