"""Reads files in a separate process: the program that ``SandboxedReaders`` starts.

A damaged or hostile file can make a parser hang, exhaust memory, or crash; here it takes
no more than this process with it.

It answers messages (``carrel.core.processes``). The first one is
``{"bytes", "seconds", "registry", "options", "folder"}``: the memory that the process may take, the
processor time for one file, where the readers come from as ``[module, function]`` with its options,
and a folder for temporary files; it is answered with ``{"ready"}``, and with
``"unlimited"`` where the system does not bound something. Each further one is
``{"path", "name"}`` and is answered with
``{"section": [text, page, heading, page_count, remarks]}`` for each section, the first of them with
the ``"properties"`` of the file if it states any, and at last with
``{"said": [[level, logger, event, count], ...]}``, which has ``"error": [code, message]``, too,
where reading failed. ``"own": true`` asks for Carrel's own reader. One with
``"view": [page, width, quote]`` is answered with ``{"picture": [base64 of a PNG, pages, marked]}``
in place of sections.
"""

from __future__ import annotations

import base64
import os
import shutil
import tempfile
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from carrel.core.document_properties import DocumentProperties
from carrel.core.documents import PageView
from carrel.core.errors import CarrelError, DocumentTooLarge, UnreadableDocument
from carrel.core.processes.channel import Channel, limit_memory
from carrel.core.processes.frames import MOST_FRAME_BYTES, FrameTooLong
from carrel.core.processes.processor_time import limit_time
from carrel.core.protocols.reading import ReaderRegistry
from carrel.ingest.plugins.reader_order import ReadersInOrder
from carrel.ingest.properties.of_file import properties_of
from carrel.ingest.sandbox.reading_log import ReadingLog

_TOO_MUCH_MEMORY = "it needs more memory than reading may take"
_TOO_LONG = f"a line or page of it has more than {MOST_FRAME_BYTES / 1e6:.0f} MB of text"


class Answers:
    """Sends the results of requests."""

    def __init__(self, registry: ReaderRegistry, channel: Channel, log: ReadingLog) -> None:
        self._registry = registry
        self._send = channel.send
        self._log = log

    def answer(self, request: Mapping[str, Any]) -> None:
        """Answer one request."""
        path = Path(request["path"])
        end: dict[str, Any] = {}
        try:
            if "view" in request:
                self._paint(path, PageView(*request["view"]))
            else:
                self._read(path, request)
        except CarrelError as error:
            end["error"] = [error.code, str(error)]
        except MemoryError:
            end["error"] = [UnreadableDocument.code, _TOO_MUCH_MEMORY]
        except FrameTooLong:
            end["error"] = [DocumentTooLarge.code, _TOO_LONG]
        self._send(end | {"said": self._log.take()})

    def _read(self, path: Path, request: Mapping[str, Any]) -> None:
        readers = self._registry
        reader_for = readers.reader_for
        if request.get("own") and isinstance(readers, ReadersInOrder):
            reader_for = readers.own_reader_for
        name = request["name"]
        properties: DocumentProperties | None = None
        for section in reader_for(path, name).read(path):
            parts = [section.text, section.page, section.heading, section.page_count]
            answer: dict[str, Any] = {"section": [*parts, section.remarks]}
            if properties is None and (properties := properties_of(path, name)):
                answer["properties"] = properties.values()
            self._send(answer)

    def _paint(self, path: Path, view: PageView) -> None:
        # Most of these processes never render.
        from carrel.ingest.pdf.page_picture import picture_of_page

        picture = picture_of_page(path, view)
        content = base64.b64encode(picture.content).decode("ascii")
        self._send({"picture": [content, picture.pages, picture.marked]})


def main(requests: int, answers: int) -> None:
    """Serve the messages of a descriptor until it ends, and answer on another."""
    channel = Channel(requests, answers)
    log = ReadingLog()
    log.install()
    limits = channel.receive()
    if limits is None:
        return
    module, function = limits["registry"]
    registry = getattr(import_module(module), function)(**limits["options"])
    limited = limit_memory(limits["bytes"])
    tempfile.tempdir = limits["folder"]
    # Temporary files are private to this account, including those of child processes.
    os.umask(0o077)
    answering = Answers(registry, channel, log)
    unlimited = {} if limited else {"unlimited": "the memory of reading"}
    channel.send({"ready": True, **unlimited})
    try:
        while request := channel.receive():
            limit_time(limits["seconds"])
            answering.answer(request)
    finally:
        # The owner may have been killed; otherwise it does the same.
        shutil.rmtree(limits["folder"], ignore_errors=True)
