"""``carrel reingest``: reads documents again from their originals."""

from __future__ import annotations

import asyncio

from carrel.cli.command import Invocation
from carrel.cli.commands.ingest import Report, follow, print_report
from carrel.cli.exit_codes import SOME_FAILED, SUCCESS
from carrel.cli.workspace.workspace import open_workspace
from carrel.core.documents import OutcomeKind
from carrel.core.errors import InvalidSetting


def run(invocation: Invocation) -> int:
    """Read again, print a summary, and return 1 if some document could not be read.

    Raises:
        InvalidSetting: neither names nor ``--failed`` were given, or both.
    """
    names = invocation.arguments.words
    if bool(names) == invocation.is_set("failed"):
        raise InvalidSetting("Name the documents to read again, or use --failed.")
    return asyncio.run(_run(invocation))


async def _run(invocation: Invocation) -> int:
    report = Report()
    async with open_workspace(invocation.settings, invocation.server) as workspace:
        events = workspace.reingest(invocation.arguments.words, invocation.collection)
        await follow(invocation, events, report)
    print_report(report, invocation)
    failed = any(each.kind is OutcomeKind.FAILED for each in report.outcomes)
    return SOME_FAILED if failed else SUCCESS
