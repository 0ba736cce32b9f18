"""Reading by Carrel what unstructured did not read."""

from __future__ import annotations

from collections.abc import Iterator

import structlog

from carrel.core.documents import Section
from carrel.core.errors import CarrelError
from carrel.core.log_reason import log_reason
from carrel.ingest.plugins.unstructured_package import PACKAGE
from carrel.ingest.remarks import Remarks

log = structlog.get_logger()


def read_by_carrel(own: Iterator[Section], error: CarrelError) -> Iterator[Section]:
    """Yield the sections of the own reader, with a remark why unstructured did not read them."""
    log.info("document.read_by_carrel", reason=log_reason(error))
    remarks = Remarks()
    remarks.add(f"reading by {PACKAGE} ({error}): Carrel read it")
    yield from remarks.carried_by(own)
