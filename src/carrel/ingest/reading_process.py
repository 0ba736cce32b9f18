"""Reads files in a process of its own: the program that ``ConfinedReaders`` starts.

A damaged or hostile file can make a parser run for ever, take all memory, or crash; here it takes
no more than this process with it.

It reads JSON lines from standard input. The first is ``{"bytes", "seconds", "registry",
"options", "folder"}``: the memory that the process may take, the processor time for one file, where
the readers come from as ``[module, function]`` with its options, and a folder for temporary files.
Each further one is
``{"path", "name"}`` and is answered with lines ``{"section": [text, page, heading,
page_count]}`` and at last with ``{}``, or with ``{"error": [code, message]}``. One with
``"view": [page, width, quote]`` is answered with ``{"picture": [base64 of a PNG, pages, marked]}``
in place of sections.
"""

from __future__ import annotations

import base64
import json
import os
import resource
import shutil
import sys
import tempfile
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from carrel.core.documents import PageView
from carrel.core.errors import CarrelError, UnreadableDocument
from carrel.core.reading import ReaderRegistry


def limit_memory(most_bytes: int) -> None:
    """Bound the memory of the process and of each that it starts, and write no core files."""
    resource.setrlimit(resource.RLIMIT_AS, (most_bytes, most_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def limit_time(seconds: int) -> None:
    """Bound the processor time from now on; the system ends a process that takes more."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    end = int(used.ru_utime + used.ru_stime) + seconds
    with suppress(ValueError):  # a lower limit of the system's own stays
        resource.setrlimit(resource.RLIMIT_CPU, (end, resource.RLIM_INFINITY))


def write(line: dict[str, Any]) -> None:
    """Send one line; text of any script survives as escapes."""
    sys.stdout.write(json.dumps(line) + "\n")


def read(registry: ReaderRegistry, path: Path, name: str) -> None:
    """Send the sections of a file."""
    for section in registry.reader_for(path, name).read(path):
        parts = [section.text, section.page, section.heading, section.page_count]
        write({"section": parts})
        sys.stdout.flush()


def paint(path: Path, view: PageView) -> None:
    """Send the picture of a page."""
    # Most of these processes never draw.
    from carrel.ingest.page_picture import picture_of_page

    picture = picture_of_page(path, view)
    content = base64.b64encode(picture.content).decode("ascii")
    write({"picture": [content, picture.pages, picture.marked]})


def answer(registry: ReaderRegistry, request: dict[str, Any]) -> None:
    """Answer one request."""
    path = Path(request["path"])
    try:
        if "view" in request:
            paint(path, PageView(*request["view"]))
        else:
            read(registry, path, request["name"])
    except CarrelError as error:
        write({"error": [error.code, str(error)]})
    except MemoryError:
        write({"error": [UnreadableDocument.code, "it needs more memory than reading may take"]})
    else:
        write({})
    sys.stdout.flush()


def main() -> None:
    """Serve until standard input ends."""
    limits = json.loads(sys.stdin.readline())
    module, function = limits["registry"]
    registry = getattr(import_module(module), function)(**limits["options"])
    limit_memory(limits["bytes"])
    tempfile.tempdir = limits["folder"]
    # Temporary files are this account's alone, those of programs that readers start, too.
    os.umask(0o077)
    # What a library prints would break the lines of the answer.
    answers = os.dup(1)
    os.dup2(2, 1)
    sys.stdout = os.fdopen(answers, "w", encoding="ascii")
    for line in sys.stdin:
        request = json.loads(line)
        limit_time(limits["seconds"])
        answer(registry, request)
    # Whoever started this process may have been killed; otherwise it does the same.
    shutil.rmtree(limits["folder"], ignore_errors=True)


if __name__ == "__main__":
    main()
