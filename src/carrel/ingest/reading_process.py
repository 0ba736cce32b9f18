"""Reads files in a process of its own: the program that ``ConfinedReaders`` starts.

A damaged or hostile file can make a parser run for ever, take all memory, or crash; here it takes
no more than this process with it.

It reads JSON lines from standard input. The first is ``{"bytes", "seconds", "registry",
"options", "folder"}``: the memory that the process may take, the processor time for one file, where
the readers come from as ``[module, function]`` with its options, and a folder for temporary files.
Each further one is
``{"path", "name"}`` and is answered with lines ``{"section": [text, page, heading,
page_count]}`` and at last with ``{}``, or with ``{"error": [code, message]}``.
"""

from __future__ import annotations

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
    """Answer one request."""
    try:
        for section in registry.reader_for(path, name).read(path):
            parts = [section.text, section.page, section.heading, section.page_count]
            write({"section": parts})
            sys.stdout.flush()
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
    # What a library prints would break the lines of the answer.
    answers = os.dup(1)
    os.dup2(2, 1)
    sys.stdout = os.fdopen(answers, "w", encoding="ascii")
    for line in sys.stdin:
        request = json.loads(line)
        limit_time(limits["seconds"])
        read(registry, Path(request["path"]), request["name"])
    # Whoever started this process may have been killed; otherwise it does the same.
    shutil.rmtree(limits["folder"], ignore_errors=True)


if __name__ == "__main__":
    main()
