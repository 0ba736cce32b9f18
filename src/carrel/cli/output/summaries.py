"""Follows a summary or an extraction in the terminal."""

from __future__ import annotations

import shutil
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TypeVar

from carrel.cli.command import Invocation
from carrel.cli.output.progress import bar, format_seconds
from carrel.core.access import Principal
from carrel.core.chat import TextDelta
from carrel.core.errors import InvalidRequest
from carrel.core.summaries import (
    Extracted,
    Pages,
    SummarizationProgress,
    SummarizationRequest,
    Summarized,
)
from carrel.settings.schema import LLM_MODE

Result = TypeVar("Result", Summarized, Extracted)
Event = SummarizationProgress | TextDelta


def request_of(invocation: Invocation) -> SummarizationRequest:
    """Return the request of the command line.

    Raises:
        InvalidRequest: there are words beside the flags, or the collection means no documents.
    """
    if invocation.arguments.words:
        raise InvalidRequest(
            f"'{invocation.arguments.words[0]}' is no flag: give --collection, --documents or "
            "--focus."
        )
    if invocation.collection == LLM_MODE:
        raise InvalidRequest(f"{LLM_MODE} holds no documents: name a collection to read.")
    flags = invocation.arguments.flags
    return SummarizationRequest(
        (invocation.collection,),
        Principal(),
        invocation.document_ids,
        flags.get("focus", ""),
        max_tokens=invocation.settings.generation.max_new_tokens,
    )


def progress_line(progress: SummarizationProgress) -> str:
    """Return the progress of a summary in one line, with a leading bar."""
    done = f"{progress.parts_done}/{progress.parts_total} parts"
    parts = [done if progress.level == 1 else f"joining {done}"]
    if progress.seconds_left is not None and progress.parts_done < progress.parts_total:
        parts.append(f"{format_seconds(progress.seconds_left)} left")
    share = progress.parts_done / progress.parts_total if progress.parts_total else 1.0
    return f"{bar(share)} {', '.join(parts)}"


def place(document: str, pages: Pages | None) -> str:
    """Return a document with its pages as ``report.pdf, pages 3-7``."""
    if pages is None:
        return document
    first, last = pages
    return f"{document}, page {first}" if first == last else f"{document}, pages {first}-{last}"


async def followed(
    events: AsyncGenerator[SummarizationProgress | TextDelta | Result], *, quiet: bool
) -> Result:
    """Show progress on standard error and text on standard output, and return the result.

    On a terminal the line is rewritten; elsewhere each state is a new line. ``quiet`` prints no
    text.
    """
    terminal = sys.stderr.isatty()
    result: Result | None = None
    async with aclosing(events):
        async for event in events:
            if isinstance(event, SummarizationProgress):
                _show(progress_line(event), terminal=terminal)
            elif isinstance(event, TextDelta):
                if not quiet:
                    _clear(terminal=terminal)
                    print(event.text, end="", flush=True)
            else:
                result = event
    _clear(terminal=terminal)
    assert result is not None, "a summary that does not fail ends with its result"
    return result


def _show(line: str, *, terminal: bool) -> None:
    if terminal:
        width = shutil.get_terminal_size().columns
        print(f"\r\x1b[2K{line[: width - 1]}", end="", file=sys.stderr, flush=True)
    else:
        print(line, file=sys.stderr, flush=True)


def _clear(*, terminal: bool) -> None:
    if terminal:
        print("\r\x1b[2K", end="", file=sys.stderr, flush=True)
