"""Logs printed output and uncaught exceptions without their text."""

from __future__ import annotations

import asyncio
import io
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any

import structlog

from carrel.core.errors import CarrelError

log = structlog.get_logger()


@contextmanager
def withheld_output() -> Iterator[None]:
    """Suppress output printed within the block, by any thread; log lines are not affected.

    An exception that is being printed is logged once, with its traceback. So are those that end a
    thread, or that Python cannot raise. One that ends the block ends the process.
    """
    threads, unraisable = threading.excepthook, sys.unraisablehook
    threading.excepthook = _thread_failed
    sys.unraisablehook = _unraisable
    try:
        with redirect_stdout(Withheld()), redirect_stderr(Withheld()):
            yield
    except CarrelError:
        raise
    except Exception as error:
        # Python itself would print its message.
        log.error("server.failed", exc_info=error)  # noqa: TRY400
        raise SystemExit(1) from None
    finally:
        threading.excepthook, sys.unraisablehook = threads, unraisable


class Withheld(io.TextIOBase):
    """A stream that drops text and logs exceptions."""

    encoding = "utf-8"

    def __init__(self) -> None:
        super().__init__()
        self._logged = threading.local()

    def writable(self) -> bool:
        """Whether it can be written to."""
        return True

    def write(self, text: str) -> int:
        """Drop a text; log the exception that is being handled, each one once."""
        error = sys.exc_info()[1]
        # Stored by id: the error itself would keep everything in its frames alive.
        if error is not None and getattr(self._logged, "last", None) != id(error):
            self._logged.last = id(error)
            log.error("library.failed", exc_info=error)
        return len(text)


def report_of_loop(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log an exception that no task retrieved, as the event loop reports it."""
    error = context.get("exception")
    if error is not None:
        log.error("task.failed", exc_info=error)
    else:
        log.warning("task.misbehaved")


def _thread_failed(failed: threading.ExceptHookArgs) -> None:
    if failed.exc_value is not None and failed.exc_type is not SystemExit:
        log.error("thread.failed", exc_info=failed.exc_value)


def _unraisable(failed: sys.UnraisableHookArgs) -> None:
    if failed.exc_value is not None:
        log.error("exception.unraisable", exc_info=failed.exc_value)
