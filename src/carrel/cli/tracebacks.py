"""Tracebacks without data."""

from __future__ import annotations

import os
import sqlite3
import traceback
from collections.abc import Iterator
from types import TracebackType

from carrel.core.errors import CarrelError

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]

MOST_FRAMES = 60
"""Maximum frames of one exception, the innermost ones; a recursion has a thousand."""

MOST_CAUSES = 10


def traceback_text(exc_info: ExcInfo) -> str:
    """Return the traceback of an exception and its causes.

    Without local variables and messages: a message may repeat a line of a document or a question.
    Errors of the system and of SQLite keep their names.
    """
    return "\n".join(_lines(exc_info[1], MOST_CAUSES))


def kind_of(error: BaseException) -> str:
    """Return the class of an exception with its code, if any."""
    kind = type(error)
    name = kind.__qualname__
    if kind.__module__ != "builtins":
        name = f"{kind.__module__}.{name}"
    detail = None
    if isinstance(error, CarrelError):
        detail = error.code
    elif isinstance(error, OSError) and error.errno is not None:
        detail = os.strerror(error.errno)
    elif isinstance(error, sqlite3.Error):
        detail = getattr(error, "sqlite_errorname", None)
    return f"{name} ({detail})" if detail else name


def _lines(error: BaseException, causes: int) -> Iterator[str]:
    context = None if error.__suppress_context__ else error.__context__
    earlier = error.__cause__ or context
    if earlier is not None and causes:
        yield from _lines(earlier, causes - 1)
        yield "\nthe cause of, or followed by:\n"
    yield "Traceback (most recent call last):"
    # Bound before the source lines are read.
    frames = traceback.extract_tb(error.__traceback__, limit=-MOST_FRAMES)
    yield from (line.rstrip("\n") for line in frames.format())
    yield kind_of(error)
    if isinstance(error, BaseExceptionGroup) and causes:
        for each in error.exceptions[:MOST_CAUSES]:
            yield "\none of them:\n"
            yield from _lines(each, causes - 1)
