"""Makes elements of the lines of a file, and obeys those that are commands."""

from __future__ import annotations

import logging
import os
import socket
import sys
import time
from contextlib import suppress
from types import SimpleNamespace
from typing import IO, Any

import unstructured
from unstructured.nlp.tokenize import get_language

HEADINGS = {"# ": 0, "## ": 1, "guess ": None}
FIELDS = {"page": "page_number", "sheet": "page_name", "type": "filetype"}


class UnsupportedFileFormatError(Exception):
    """It has no partitioner for the content."""


def partition(file: IO[bytes], metadata_filename: str, **options: Any) -> list[Any]:
    """Return the elements of a file; see ``obeyed`` for the commands."""
    if os.environ.get("UNSTRUCTURED_DISABLE_NOTICE", "").strip() != "1":
        raise AssertionError("the advertisement would be printed now")
    fields: dict[str, Any] = {"category_depth": None, "text_as_html": None}
    elements = []
    for line in file.read().decode().splitlines():
        command, _, rest = line.partition(" ")
        if command in FIELDS:
            fields[FIELDS[command]] = int(rest) if rest.isdigit() else rest
            continue
        answer = obeyed(command, rest, metadata_filename, options)
        elements.append(element(line if answer is None else answer, fields))
    return [each for each in elements if each.text]


def element(line: str, fields: dict[str, Any]) -> Any:
    category, text, own = "NarrativeText", line, dict(fields)
    for mark, depth in HEADINGS.items():
        if line.startswith(mark):
            category, text, own["category_depth"] = "Title", line.removeprefix(mark), depth
    if line.startswith("<table"):
        category, text, own["text_as_html"] = "Table", "cells without rows", line
    if line == "break":
        category = "PageBreak"
    return SimpleNamespace(category=category, text=text, metadata=SimpleNamespace(**own))


def obeyed(command: str, rest: str, name: str, options: dict[str, Any]) -> str | None:
    """Return the text of a command's element; None if the line is no command."""
    if command == "about":
        return f"{name} {options['strategy']} {options['languages']} sent: {unstructured.SENT}"
    if command == "classify":
        return " ".join(get_language().parts)
    if command == "connect":
        return connected(int(rest))
    if command == "print":
        print(rest, flush=True)
        os.write(1, rest.encode())
        logging.getLogger("unstructured").warning("%s", rest)
        return ""
    fail(command, rest)
    return None


def connected(port: int) -> str:
    """Try to connect in the ways of HTTP clients, and return what came of it."""
    made = 0
    for host in ("127.0.0.1", "localhost"):
        with suppress(OSError), socket.create_connection((host, port), timeout=5):
            made += 1
    return f"connections: {made}"


def fail(command: str, rest: str) -> None:
    if command == "unsupported":
        raise UnsupportedFileFormatError("Partitioning is not supported for the file type.")
    if command == "missing":
        raise ImportError(f'It is not available. Use: pip install "unstructured[{rest}]" (quoted)')
    if command == "fail":
        raise KeyError(rest)
    if command == "eat":
        bytearray(1 << 40)
    if command == "hang":
        time.sleep(3600)
    if command == "crash":
        os.abort()
    if command == "exit":
        sys.exit(3)
