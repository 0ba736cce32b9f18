"""What ends the work on a file, as the error of that file alone."""

from __future__ import annotations

import structlog

from carrel.core.errors import CarrelError, Unavailable

log = structlog.get_logger()


def failure_of(error: Exception) -> CarrelError:
    """Return the error to show for the file in work.

    A fault of Carrel or of a library is logged, and costs no more than the file that met it.
    """
    if isinstance(error, CarrelError):
        return error
    log.error("document.broke_down", exc_info=error)
    return Unavailable("Carrel broke down over it; the server's log has the details")
