"""Structured logging to standard error, of Carrel and of its libraries alike."""

from __future__ import annotations

import logging
import sys
import warnings

import structlog

from carrel.settings.schema import LoggingSettings

CHATTY = (
    "httpx",
    "httpcore",
    "chromadb",
    "transformers",
    "sentence_transformers",
    "urllib3",
    "uvicorn.access",
    "PIL",
    "fsspec",
    "asyncio",
    "matplotlib",
    "huggingface_hub",
)


def configure_logging(settings: LoggingSettings) -> None:
    """Send every log line through structlog, as text or as one JSON object per line."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    # It announces at every import that it does without an optional package.
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: list[structlog.types.Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if settings.log_format == "json"
        else [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in CHATTY:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    if level > logging.DEBUG:
        # Users can do nothing about a library's deprecations; the test suite fails on them.
        warnings.simplefilter("ignore")
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
