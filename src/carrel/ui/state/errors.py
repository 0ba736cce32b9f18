"""Errors as one line for the page."""

from __future__ import annotations

import structlog

from carrel.core.errors import CarrelError

UNEXPECTED = "Something failed inside Carrel. The server's log has the details."

log = structlog.get_logger()


def describe(error: Exception) -> str:
    """Return the line to show for an error; log what is not a ``CarrelError``."""
    if isinstance(error, CarrelError):
        return str(error)
    log.error("page.failed", exc_info=error)
    return UNEXPECTED
