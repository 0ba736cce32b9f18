"""Converts errors in a file's ingestion to the outcome of that file."""

from __future__ import annotations

import structlog

from carrel.core.errors import CarrelError, Unavailable

log = structlog.get_logger()


def failure_of(error: Exception) -> CarrelError:
    """Return the error to show for the current file.

    A bug of Carrel or of a library is logged, and affects only the file that triggered it.
    """
    if isinstance(error, CarrelError):
        return error
    log.error("document.broke_down", exc_info=error)
    return Unavailable("an internal error occurred; the server's log has the details")
