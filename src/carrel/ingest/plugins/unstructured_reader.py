"""Reader with the package unstructured."""

from __future__ import annotations

import re
from collections.abc import Generator
from pathlib import Path
from typing import IO, Any

import structlog

from carrel.core.documents import Section
from carrel.core.errors import UnreadableDocument, UnsupportedFormat
from carrel.ingest.failures import checked_sections
from carrel.ingest.plugins.elements import sections_of
from carrel.ingest.plugins.unstructured_package import PACKAGE, partition_function

_UNSUPPORTED = "UnsupportedFileFormatError"
# In a message: how to install what a format needs.
_EXTRA = re.compile(r"unstructured\[[\w-]+\]")

log = structlog.get_logger()


class UnstructuredReader:
    """Reads what unstructured reads, without its models of layout and without network.

    Its result comes as a whole, so that nothing of a file is yielded if it fails.
    """

    def __init__(self, suffix: str) -> None:
        """Take the suffix of the file's name; the path of a stored file has none."""
        self._suffix = suffix

    @checked_sections
    def read(self, path: Path) -> Generator[Section]:
        """Yield the sections.

        Raises:
            UnsupportedFormat: unstructured has no reader for this content, or lacks a package.
        """
        with path.open("rb") as stream:
            elements = self._partitioned(stream)
        yield from sections_of(elements)

    def _partitioned(self, stream: IO[bytes]) -> Any:
        try:
            return partition_function()(
                file=stream,
                metadata_filename=f"file{self._suffix}",
                # Layout is not analysed, and the language of the text is not guessed.
                strategy="fast",
                languages=[""],
                include_slide_notes=True,
            )
        except MemoryError:
            raise
        except ImportError as error:
            raise UnsupportedFormat(_missing(error)) from error
        except Exception as error:
            kind = type(error).__name__
            log.debug("document.vendor_error", kind=kind)
            if kind == _UNSUPPORTED:
                raise UnsupportedFormat(f"{PACKAGE} has no reader for its content") from error
            # Often no damage: a format that it knows by another name, or a fault of its own.
            raise UnreadableDocument(f"{PACKAGE} failed with {kind}") from error


def _missing(error: ImportError) -> str:
    named = _EXTRA.search(str(error))
    missing = named[0] if named else error.name or "a package that it imports"
    return f"{missing} is not installed"
