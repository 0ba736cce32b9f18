"""Applications that take over one another's reading processes: each new one starts for 0.8 s.

They are the real ones, within the limits of each application's settings.
"""

from __future__ import annotations

import atexit
import os
from functools import cache
from typing import Any

from carrel import bootstrap
from carrel.bootstrap import Application
from carrel.core.protocols.adapters import Embedder
from carrel.core.web import WebSource
from carrel.ingest.sandbox.idle_processes import IdleProcesses
from carrel.settings.schema import Settings

MOST_IDLE = 4


@cache
def _idle_readers(path: str | None) -> IdleProcesses:
    """Return the processes that were started with this ``PATH``, where they find programs."""
    del path
    made = IdleProcesses(MOST_IDLE)
    atexit.register(made.close)
    return made


def build(
    settings: Settings,
    embedder: Embedder | None = None,
    web: WebSource | None = None,
    **parts: Any,
) -> Application:
    """Return ``bootstrap.build(...)`` with reading processes that other tests have used."""
    idle = _idle_readers(os.environ.get("PATH"))
    return bootstrap.build(settings, embedder, web, idle_readers=idle, **parts)
