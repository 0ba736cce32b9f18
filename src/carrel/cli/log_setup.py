"""Structured logging to standard error, for Carrel and its libraries.

The log contains no documents, questions or names: Carrel's own lines have ids, tracebacks have no
local variables and messages, and messages of libraries are dropped if they may repeat their input.
"""

from __future__ import annotations

import logging
import sys
import warnings
from typing import TextIO

import structlog

from carrel.cli.tracebacks import traceback_text
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

TRUSTED = ("carrel", "uvicorn", "transformers", "torch", "bitsandbytes", "peft", "accelerate")
"""Loggers whose messages are safe: they concern the server and models."""

WITHHELD = "library.message"


def configure_logging(settings: LoggingSettings) -> None:
    """Send every log line through structlog, as text or as one JSON object per line."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    # It logs at every import that an optional package is missing.
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: list[structlog.types.Processor] = (
        [_with_traceback, structlog.processors.JSONRenderer()]
        if settings.log_format == "json"
        else [
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=_print_traceback
            )
        ]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_without_quotes)
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
    else:
        logging.captureWarnings(True)
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


def _without_quotes(record: logging.LogRecord) -> bool:
    """Drop the message of a library's line, and name its origin.

    Below warning such a line is useless to an operator, and is dropped.
    """
    if record.name.partition(".")[0] in TRUSTED:
        return True
    if record.levelno < logging.WARNING:
        return False
    record.msg, record.args = f"{WITHHELD} {record.module}.{record.funcName}:{record.lineno}", ()
    record.stack_info = None
    return True


def _with_traceback(
    logger: structlog.types.WrappedLogger, name: str, event: structlog.types.EventDict
) -> structlog.types.EventDict:
    exc_info = event.pop("exc_info", None)
    if isinstance(exc_info, BaseException):
        exc_info = (type(exc_info), exc_info, exc_info.__traceback__)
    elif exc_info is True:
        exc_info = sys.exc_info()
    if exc_info and exc_info[1] is not None:
        event["exception"] = traceback_text(exc_info)
    return event


def _print_traceback(stream: TextIO, exc_info: structlog.typing.ExcInfo) -> None:
    stream.write("\n" + traceback_text(exc_info))
