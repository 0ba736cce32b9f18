"""Log of readers and their libraries, as counts without any text of a document."""

from __future__ import annotations

import logging
import re
import sys
from collections import Counter
from collections.abc import Mapping
from typing import Any, NoReturn

import structlog

MOST_KINDS = 20
_EVENT = re.compile(r"[a-z_.]{1,80}")

Said = list[tuple[str, str, str, int]]


class ReadingLog(logging.Handler):
    """Counts log lines by level, logger and event, between one ``take`` and the next.

    Messages and arguments of libraries may quote the document, so their lines are identified by
    the place in the source that wrote them; Carrel's own events are constant names. A reader that
    logs without end gives one line with a large count. Printed text is not counted: it goes to the
    null device, because it may quote the document, too, and a pipe would have to be emptied while
    a library prints.
    """

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._counts: Counter[tuple[str, str, str]] = Counter()

    def install(self) -> None:
        """Install as the only log handler of this process."""
        logging.basicConfig(handlers=[self], force=True)
        structlog.configure(processors=[self._count_event], cache_logger_on_first_use=False)
        for stream in (sys.stdout, sys.stderr):
            # Printing a character that the locale does not know must not raise.
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]

    def emit(self, record: logging.LogRecord) -> None:
        """Count the line of a library."""
        self._count(record.levelname.lower(), record.name, f"{record.module}:{record.lineno}")

    def take(self) -> Said:
        """Return level, logger, event and count of the kinds so far, and reset them."""
        said = [(*kind, count) for kind, count in self._counts.items()]
        self._counts.clear()
        return said

    def _count_event(self, _logger: Any, method: str, event: Mapping[str, Any]) -> NoReturn:
        name = str(event.get("event"))
        self._count(method, "carrel", name if _EVENT.fullmatch(name) else "?")
        raise structlog.DropEvent

    def _count(self, level: str, logger: str, event: str) -> None:
        kind = (level, logger, event)
        if kind in self._counts or len(self._counts) < MOST_KINDS:
            self._counts[kind] += 1
