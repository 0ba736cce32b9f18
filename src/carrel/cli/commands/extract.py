"""``carrel extract``: lists facts of documents, each with page and quote."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict

from carrel.cli.command import Invocation
from carrel.cli.exit_codes import SUCCESS
from carrel.cli.output.summaries import followed, place, request_of
from carrel.cli.workspace.workspace import open_workspace
from carrel.core.summaries import Extracted, ExtractedItem


async def extract(invocation: Invocation) -> Extracted:
    """Extract, with progress on standard error."""
    request = request_of(invocation)
    async with open_workspace(invocation.settings, invocation.server) as workspace:
        return await followed(workspace.extract(request), quiet=invocation.is_set("json"))


def item_line(index: int, item: ExtractedItem) -> str:
    """Return an item as ``[1] text (report.pdf, page 3)``, its quote below if it differs."""
    pages = (item.page, item.page) if item.page is not None else None
    line = f"[{index}] {item.text} ({place(item.document, pages)})"
    quote = " ".join(item.quote.split())
    return line if quote == item.text else f'{line}\n    "{quote}"'


def run(invocation: Invocation) -> int:
    """Print the items in reading order."""
    extracted = asyncio.run(extract(invocation))
    if invocation.is_set("json"):
        print(json.dumps(asdict(extracted), indent=2))
        return SUCCESS
    if not extracted.items:
        print("The documents say nothing about it.")
    for index, item in enumerate(extracted.items, start=1):
        print(item_line(index, item))
    return SUCCESS
