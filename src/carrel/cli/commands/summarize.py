"""``carrel summarize``: summarises documents of any length."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict

from carrel.cli.command import Invocation
from carrel.cli.exit_codes import SUCCESS
from carrel.cli.output.summaries import followed, place, request_of
from carrel.cli.workspace.workspace import open_workspace
from carrel.core.summaries import SummarizationStyle, Summarized


async def summarize(invocation: Invocation) -> Summarized:
    """Summarise, with progress on standard error; the model's text is streamed."""
    request = request_of(invocation)
    async with open_workspace(invocation.settings, invocation.server) as workspace:
        return await followed(workspace.summarize(request), quiet=invocation.is_set("json"))


def run(invocation: Invocation) -> int:
    """Print the summary, and its parts."""
    summary = asyncio.run(summarize(invocation))
    if invocation.is_set("json"):
        print(json.dumps(asdict(summary), indent=2))
        return SUCCESS
    # Text of the model was streamed already.
    print(summary.text if summary.style is SummarizationStyle.EXCERPTS else "")
    print("\nParts:")
    for part in summary.parts:
        print(f"[{place(part.document, part.pages)}] {part.text}")
    return SUCCESS
